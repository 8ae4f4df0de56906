"""A migrated notebook run once, quickly and in a sandbox: how far it comes, and whether a mark said so."""

from mnistlab.lesson.trying.trial import SECONDS, Trial, format_trial, try_migration

__all__ = ["SECONDS", "Trial", "format_trial", "try_migration"]
