#!/bin/sh
# Brings the schema up to this binary, then becomes it, so that signals reach it.
set -eu
sundial migrate
exec sundial run "$@"
