"""The steps of a deployment that are more than one command: guard the target, pack the code, connect events, smoke.

Standard library only, so that a person, azd's hooks and the pipeline run the same steps: `python -m local.delivery`.
They call `az`, which must be installed and signed in.
"""
