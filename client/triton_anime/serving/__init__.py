"""What the BLS models of ``ensembles/`` share: which networks a role asks, and what they say together.

A BLS model must not call another one (the second could wait for ever for the process that the first one
occupies), so ``decompose_frame`` asks the networks itself, with the code of the models it does the work of.
Nothing here imports Triton: the networks come in as a :class:`triton_anime.serving.calls.Caller`.
"""
