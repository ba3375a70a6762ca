"""Compiling a group of loops with Numba to an object file, written to the standard output of a process of its own."""

import os
import sys
from importlib import import_module
from types import FunctionType

from dedup.kernels.jit import BUILDING
from dedup.kernels.native import features, kinds_of, sealed, symbol_of
from dedup.kernels.objects import GROUPS, ROOTS, Group, group_of


def build(group: Group) -> bytes:
    """The object file of the exported loops of a group, as it is stored."""
    os.environ[BUILDING] = "1"
    os.environ["NUMBA_CPU_FEATURES"] = features()
    os.environ.pop("NUMBA_DISABLE_JIT", None)
    import llvmlite.binding as llvm

    linked = llvm.parse_assembly("")
    linked.triple = llvm.get_process_triple()
    for symbol, assembly in _compile_group(group):
        module = llvm.parse_assembly(assembly)
        entry = next(each for each in module.functions if each.name.startswith("cfunc.") and not each.is_declaration)
        entry.name = symbol
        # Numba numbers what it names in each process anew: names of two may be the same for different things.
        for each in (*module.functions, *module.global_variables):
            if not each.is_declaration and each.name != symbol:
                each.linkage = llvm.Linkage.internal
        linked.link_in(module)
    machine = llvm.Target.from_triple(linked.triple).create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features(), opt=3, codemodel="jitdefault", jit=True
    )
    passes = llvm.create_new_module_pass_manager()
    # An array is handed from function to function as seven words, of which most look at one or two.
    passes.add_dead_arg_elimination_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(linked, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    undefined = [each.name for each in linked.functions if each.is_declaration and not each.name.startswith("llvm.")]
    undefined += [each.name for each in linked.global_variables if each.is_declaration]
    return sealed({"undefined": undefined}, machine.emit_object(linked))


def _compile_group(group: Group) -> list[tuple[str, str]]:
    """Symbol and assembly of each loop of a group, compiled by as many processes as there are processors."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    functions = _functions(group)
    # What takes longest begins first; the longer a function, the more it calls.
    order = sorted(range(len(functions)), key=lambda place: -len(functions[place].__code__.co_code))
    processes = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 4)
    if len(functions) == 1 or processes == 1:
        return [_compile_loop(group, place) for place in range(len(functions))]
    with ProcessPoolExecutor(min(processes, len(functions)), mp_context=get_context("spawn")) as pool:
        running = {place: pool.submit(_compile_loop, group, place) for place in order}
        return [running[place].result() for place in range(len(functions))]


def _functions(group: Group) -> list[FunctionType]:
    """The exported loops of a group, as Python functions."""
    from dedup.kernels import jit

    import_module(f"dedup.kernels.{ROOTS[group]}")  # which declares the loops
    return [function for function in jit.exports if group_of(function.__module__) == group]


def _compile_loop(group: Group, place: int) -> tuple[str, str]:
    """Symbol and assembly of one loop of a group."""
    function = _functions(group)[place]
    return symbol_of(function), _assembly(getattr(sys.modules[function.__module__], function.__name__), function)


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
    (wanted,) = (group for group in GROUPS if group == sys.argv[1])
    sys.stdout.buffer.write(build(wanted))
