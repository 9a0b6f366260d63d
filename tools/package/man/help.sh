#!/bin/sh
# Prints the help of a program as help2man likes to read it: the types that CLI11
# adds beside the names of values go, and commands tell of themselves, too.
#
#   WSRELAY_PROGRAM=build/release/wsrelay help.sh --help
set -eu

commands() {
  "$WSRELAY_PROGRAM" --help \
    | sed -n '/^Subcommands:/,/^$/s/^  \([a-z][a-z]*\)  .*/\1/p'
}

# EXIT STATUS stands in the page's own text; -h is the same everywhere.
# Commands that take nothing have no section.
of_command() {
  of="$("$WSRELAY_PROGRAM" "$1" --help \
    | sed -e '1d' -e '/^Usage: /{s///;s/$/:/;}' \
      -e '/^Positionals:$/d' -e '/^Options:$/d' -e '/^  -h,--help /d' \
      -e '/^Exit codes:/,$d' -e '/^$/d')"
  case $of in
    *:'
'*) printf '\n%s\n' "$of" ;;
  esac
}

tidy() {
  sed -E -e 's/^  -h,--help/  -h, --help/' \
    -e 's/^Usage: .*\/([^ ]+)/Usage: \1/' \
    -e 's/ADDR:ADDR/ADDR/;s/TEXT:(FIELD|\{)/\1/;s/\|off:\{on,off\}/|off/' \
    -e 's/(UINT|FLOAT):(SIZE \[[^]]*\]|FLOAT \[TIME\]):/\1:/' \
    -e 's/([A-Z]+):(UINT|INT|FLOAT) in \[/\1 in [/;s/INT:POSITIVE/PID/' \
    -e 's/ \(Env:([A-Z_]+)\)/ (or $\1)/'
}

if [ "$1" = --version ]; then
  exec "$WSRELAY_PROGRAM" --version
fi
{
  # The first line says what NAME and DESCRIPTION say better.
  "$WSRELAY_PROGRAM" --help | sed -e '1d' -e '/^Exit codes:/,$d'
  for command in $(commands); do
    of_command "$command"
  done
} | tidy
