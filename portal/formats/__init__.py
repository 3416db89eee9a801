"""How dates are written in each language; Django finds one module for each (``FORMAT_MODULE_PATH``).

Templates name the formats: ``date:"DATE_FORMAT"``, ``date:"DATETIME_FORMAT"``, and ``date:"MOMENT_FORMAT"`` where
seconds matter.  What a language does not say here is as Django has it.
"""
