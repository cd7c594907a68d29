"""Copies of a network that predict with fewer bits; the network itself keeps its weights."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

# What each takes to run; float32 runs everywhere, and "auto" is resolved where the encoder is. int8 is for
# a CPU, since the product below
# wants other shapes on a GPU, and half precision has too small a range to be worth emulating.
PRECISIONS = ("float32", "bfloat16", "float16", "int8", "auto")
_ONLY_ON = {"float16": "cuda", "int8": "cpu"}
# Rows multiplied at a time: few enough that every step finds them in the CPU's cache, and many
# enough that arranging the weights for the product costs little.
_ROWS = 256
# Of a row of zeros, which has no largest value to divide by.
_SMALLEST = 1e-12


def runs_on(precision: str, device: torch.device) -> bool:
    """Whether a network can predict with this precision on this device.

    precision (str): One of `PRECISIONS`.
    device (device): To predict on.
    RETURNS (bool): False where torch would fail or only emulate it.
    """
    return _ONLY_ON.get(precision, device.type) == device.type


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether a device multiplies bfloat16 itself (a CPU with AVX512-BF16 or AMX, a GPU since Ampere).

    Elsewhere it is worked out from float32, several times more slowly.

    device (device): To compute on.
    RETURNS (bool): Whether it gains by it.
    """
    if device.type == "cuda":
        result: bool = torch.cuda.is_bf16_supported(including_emulation=False)
        return result
    if device.type != "cpu":
        return False
    # Not public, and not in every build of torch; a processor with AMX has AVX512-BF16 too.
    asks = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(asks is not None and asks())


def resolve(precision: str, device: torch.device) -> str:
    """What "auto" stands for on a device: bfloat16 where it is multiplied, else float32; others for themselves.

    precision (str): One of `PRECISIONS`.
    RETURNS (str): Never "auto".
    """
    if precision != "auto":
        return precision
    return "bfloat16" if multiplies_bfloat16(device) else "float32"


def autocast(enabled: bool, device: torch.device) -> torch.autocast:
    """Less precision where it is asked for and the device gains by it: float16 on a GPU, bfloat16 on a CPU.

    enabled (bool): Whether it is asked for.
    device (device): To compute on.
    RETURNS (AbstractContextManager): To compute in.
    """
    if device.type == "cpu":
        return torch.autocast("cpu", torch.bfloat16, enabled=enabled and multiplies_bfloat16(device))
    return torch.autocast(device.type, enabled=enabled and device.type == "cuda")


def reduced(module: nn.Module, precision: str) -> nn.Module:
    """A copy of a network that predicts with another precision; the original is not changed.

    With int8, what is no linear layer shares its weights with the original; with half
    precision the copy has weights of its own. Neither follows the original's later changes.

    module (Module): In float32.
    precision (str): "bfloat16", "float16" or "int8".
    RETURNS (Module): Without gradients.
    """
    if precision != "int8":
        return copy.deepcopy(module).to(getattr(torch, precision)).requires_grad_(False)
    shared = {id(value): value for value in (*module.parameters(), *module.buffers())}
    network = copy.deepcopy(module, shared)
    # With a single input, torch's product of whole numbers is wrong on a CPU (seen in 2.13).
    fits = [
        (name, layer) for name, layer in network.named_modules() if type(layer) is nn.Linear and layer.in_features > 1
    ]
    for name, layer in fits:
        if not name:
            return Int8Linear(layer)
        parent, _, own = name.rpartition(".")
        setattr(network.get_submodule(parent), own, Int8Linear(layer))
    return network


class Int8Linear(nn.Linear):
    """A linear layer that multiplies whole numbers: weights rounded once, inputs row by row.

    A row's steps depend on nothing but the row, so that a text's vectors do not depend on what
    it is batched with. The float32 weights stay where they were: some networks look at them.

    Source: Dettmers et al. (2022), "LLM.int8(): 8-bit Matrix Multiplication for Transformers
    at Scale", section 2.1, vector-wise quantization.
    """

    whole: Tensor
    step: Tensor

    def __init__(self, layer: nn.Linear) -> None:
        nn.Module.__init__(self)
        self.in_features, self.out_features = layer.in_features, layer.out_features
        self.weight, self.bias = layer.weight, layer.bias
        whole, step = to_int8(layer.weight.detach())
        # (I, O), a view of (O, I): what the product is fastest with.
        self.register_buffer("whole", whole.t(), persistent=False)
        self.register_buffer("step", step.squeeze(1), persistent=False)  # (O,)

    def forward(self, input: Tensor) -> Tensor:
        """(..., I) -> (..., O), float32.

        input (Tensor): Of any floating type.
        RETURNS (Tensor): Float32, shape (..., O).
        """
        return int8_linear(input.float(), self.whole, self.step, self.bias)


def to_int8(values: Tensor) -> tuple[Tensor, Tensor]:
    """Rows as whole numbers from -127 to 127, and what one step of each row is worth.

    values (Tensor): Float32, shape (rows, I).
    RETURNS (tuple): Int8, shape (rows, I); float32, shape (rows, 1).
    """
    # abs() would write all values once more.
    largest = torch.maximum(values.amax(1, keepdim=True), -values.amin(1, keepdim=True))
    step = largest.clamp_(min=_SMALLEST).div_(127)
    return (values / step).round_().to(torch.int8), step


def int8_linear(inputs: Tensor, weight: Tensor, step: Tensor, bias: Tensor | None) -> Tensor:
    """A linear layer whose sums are exact, of inputs and weights rounded to int8.

    inputs (Tensor): Float32, shape (..., I).
    weight (Tensor): Int8, shape (I, O).
    step (Tensor): Float32, shape (O,), worth of one step of each output's weights.
    bias (Tensor, optional): Float32, shape (O,).
    RETURNS (Tensor): Float32, shape (..., O).
    """
    rows = inputs.reshape(-1, weight.shape[0])
    output = rows.new_empty((rows.shape[0], weight.shape[1]))
    for part, result in zip(rows.split(_ROWS), output.split(_ROWS)):
        if len(part) == 0:
            continue
        whole, worth = to_int8(part)
        torch.mul(torch._int_mm(whole, weight), worth, out=result)
        if bias is None:
            result.mul_(step)
        else:
            torch.addcmul(bias, result, step, out=result)
    return output.view(*inputs.shape[:-1], weight.shape[1])
