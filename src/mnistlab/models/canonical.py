"""One form for an ONNX graph: the same network gives the same bytes, whatever order its parts came in."""

from typing import Any

import onnx


def canonical(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network in a form that depends on its outputs and what they are computed from, and on nothing else.

    Whoever writes a graph numbers its parts, may write the same twice, and leaves marks. Here each operation comes as
    soon as an output needs it, outputs in their order, and is named after the first that does: `conv1/Conv`. What is
    computed twice is computed once, arrays with the same numbers are one, and operations that only hand their input on
    are left out, but for the one that names each output.

    Args:
        model: A network whose operations always give the same for the same, and have no graphs within; not changed.

    Returns:
        A network whose outputs have the same names and, to the last bit, the same numbers; and the same notes.
    """
    graph = _Graph(model.graph)
    for output in model.graph.output:
        graph.add_output(output.name)
    made = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes, "mnistlab", model.graph.input, model.graph.output, initializer=graph.arrays
        ),
        producer_name="mnistlab",
        ir_version=model.ir_version,
        opset_imports=sorted(model.opset_import, key=lambda opset: opset.domain),
    )
    made.metadata_props.extend(model.metadata_props)
    return made


class _Graph:
    """The operations and arrays that the outputs so far need."""

    def __init__(self, source: Any) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.arrays: list[onnx.TensorProto] = []
        self._producers = {name: node for node in source.node for name in node.output}
        self._given = {tensor.name: tensor for tensor in source.initializer}
        self._names = {value.name: value.name for value in source.input} | {"": ""}  # of tensors, old to new
        self._known: dict[Any, list[str]] = {}  # new names, by what is computed there
        self._taken = {value.name for value in (*source.input, *source.output)}

    def add_output(self, name: str) -> None:
        """Adds what an output needs and does not find yet."""
        self._add(name, name)
        self.nodes.append(onnx.helper.make_node("Identity", [self._names[name]], [name], name=f"output_{name}"))

    def _add(self, tensor: str, output: str) -> None:
        """Adds what a tensor is computed from, then what computes it; notes its new name."""
        if tensor in self._names:
            return
        if tensor in self._given:
            self._add_array(tensor, self._given[tensor], output)
            return
        node = self._producers[tensor]
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            self._add_array(tensor, node.attribute[0].t, output)
            return
        for name in node.input:
            self._add(name, output)
        came = [self._names[name] for name in node.input]
        if node.op_type == "Identity":
            self._names[tensor] = came[0]
            return
        settings = sorted((_without_names(attribute) for attribute in node.attribute), key=lambda one: str(one.name))
        key = (node.domain, node.op_type, *came, *(one.SerializeToString(deterministic=True) for one in settings))
        if key not in self._known:
            name = self._new_name(f"{output}/{node.op_type}")
            self._known[key] = [name, *(f"{name}:{at}" for at in range(1, len(node.output)))]
            made = onnx.helper.make_node(node.op_type, came, self._known[key], name=name, domain=node.domain or None)
            made.attribute.extend(settings)
            self.nodes.append(made)
        self._names |= zip(node.output, self._known[key], strict=True)

    def _add_array(self, tensor: str, given: Any, output: str) -> None:
        array = onnx.numpy_helper.to_array(given)
        key = (given.data_type, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = [self._new_name(f"{output}/array")]
            self.arrays.append(onnx.numpy_helper.from_array(array, self._known[key][0]))
        self._names[tensor] = self._known[key][0]

    def _new_name(self, wish: str) -> str:
        """The wished name, or the first free one with a number behind it."""
        name, number = wish, 1
        while name in self._taken:
            number += 1
            name = f"{wish}{number}"
        self._taken.add(name)
        return name


def _without_names(attribute: Any) -> Any:
    """A node's setting without what describes it for people."""
    setting = onnx.AttributeProto()
    setting.CopyFrom(attribute)
    setting.ClearField("doc_string")
    if setting.HasField("t"):
        setting.t.ClearField("name")
    return setting
