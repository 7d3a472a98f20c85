"""Cleaning a file by a recipe: what was done to the data is written down and can be done again.

A seller's file is often not fit to be listed as it is. A *recipe* (:mod:`market.inspection.cleaning.recipe`)
names the operations, in order; a child process applies them batch by batch and writes a new file. The same
file, recipe and versions of the engine give the same bytes, so whoever holds the source can run the recipe
again and compare digests. Every operation says how much it changed; none of them guesses.

Words: recipe, operation, source (the file that was cleaned), change (what one operation did).
"""
