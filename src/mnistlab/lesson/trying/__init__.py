"""A migrated notebook run once, quickly and in a sandbox: how far it comes, and whether a mark said so."""

from mnistlab.lesson.trying.trial import Trial, format_trial, try_migration

__all__ = ["Trial", "format_trial", "try_migration"]
