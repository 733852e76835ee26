"""Makes a workload of somebody's ONNX model: reads it, cuts it, checks it against itself and writes a folder.

Where it is cut is decided in ``telcoai.workload.cutting``. Needs the extra ``import``.
"""
