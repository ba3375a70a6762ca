"""Compiling the loops with Numba to one object file, written to the standard output of a process of its own."""

import os
import sys

from dedup.kernels.native import features, kinds_of, sealed, symbol_of


def build() -> bytes:
    """The object file of all exported loops, as it is stored."""
    from dedup.kernels.jit import BUILDING

    os.environ[BUILDING] = "1"
    os.environ["NUMBA_CPU_FEATURES"] = features()
    os.environ.pop("NUMBA_DISABLE_JIT", None)
    import llvmlite.binding as llvm

    from dedup.kernels import compiled, jit

    linked = llvm.parse_assembly("")
    linked.triple = llvm.get_process_triple()
    symbols = set()
    for function in jit.exports:
        module = llvm.parse_assembly(_assembly(getattr(sys.modules[function.__module__], function.__name__), function))
        entry = next(each for each in module.functions if each.name.startswith("cfunc.") and not each.is_declaration)
        entry.name = symbol_of(function)
        symbols.add(entry.name)
        linked.link_in(module)
    assert symbols, compiled.name  # noqa: S101 - importing it is what declares the loops
    for each in linked.functions:
        if not each.is_declaration and each.name not in symbols:
            each.linkage = llvm.Linkage.internal
    machine = llvm.Target.from_triple(linked.triple).create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features(), opt=3, codemodel="jitdefault", jit=True
    )
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(linked, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    undefined = [each.name for each in linked.functions if each.is_declaration and not each.name.startswith("llvm.")]
    undefined += [each.name for each in linked.global_variables if each.is_declaration]
    return sealed({"undefined": undefined}, machine.emit_object(linked))


def _assembly(loop: object, function: object) -> str:
    """The optimised LLVM assembly of a loop behind C's calling convention: of an array its address and its size."""
    from numba import carray, cfunc, types  # type: ignore[attr-defined]

    kinds, result = kinds_of(function)  # type: ignore[arg-type]
    parameters: list[str] = []
    passed: list[str] = []
    signature = []
    for number, kind in enumerate(kinds):
        if kind.endswith("[]"):
            parameters += [f"address{number}", f"size{number}"]
            passed.append(f"carray(address{number}, (size{number},), {kind[:-2]})")
            signature += [types.voidptr, types.int64]
        else:
            parameters.append(f"scalar{number}")
            passed.append(f"scalar{number} != 0" if kind == "bool" else f"scalar{number}")
            signature.append(types.uint64 if kind == "uint64" else types.int64)
    import numpy as np

    scope: dict[str, object] = {name: getattr(np, name) for name in ("uint8", "uint16", "uint32", "uint64", "int64")}
    scope.update({"float64": np.float64, "bool": np.bool_, "carray": carray, "loop": loop})
    source = f"def entry({', '.join(parameters)}):\n    return loop({', '.join(passed)})\n"
    # Numba compiles functions of a fixed number of parameters, so each loop needs an entry of its own.
    exec(source, scope)  # noqa: S102 - made above of the names of kinds
    compile_entry = cfunc(  # type: ignore[call-arg]
        (types.int64 if result else types.void)(*signature), boundscheck=False, error_model="numpy"
    )
    return str(compile_entry(scope["entry"]).inspect_llvm())  # type: ignore[type-var]


if __name__ == "__main__":
    sys.stdout.buffer.write(build())
