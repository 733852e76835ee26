"""How the family was made: data, network, graphs, and what is written of them. Needs the extra ``train``."""
