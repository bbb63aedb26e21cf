from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names inside the imports of our own modules too.

    Else a hashed module would import the plain names of the others, and a browser could run modules of two
    releases together. Only ours: with Django's switch for all modules, those of packages would be rewritten
    as well, and one import in a comment stops `collectstatic`.
    """

    # A module's name is known once the names of all it imports are: one pass for each level.
    max_post_process_passes = 10
    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        *(
            (modules, CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1])  # noqa: SLF001
            for modules in ("identify/*.js", "ops/*.js")
        ),
    )
