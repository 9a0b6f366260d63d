// Three scripts from one table of commands and options.
#include "tools/wsrelay/completion.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace wsrelay::cli {

namespace {

struct flag {
  std::string name; // with its dashes
  std::string help;
  bool takes_value;
  bool takes_file;
};

struct subcommand {
  std::string name;
  std::string help;
  bool takes_pid;
  std::vector<flag> flags;
};

// In single quotes of any of the three shells.
std::string quoted(std::string text) {
  for (auto at = text.find('\''); at != std::string::npos;
       at = text.find('\'', at + 4))
    text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

std::vector<flag> flags_of(const CLI::App& app) {
  std::vector<flag> result;
  for (auto* option : app.get_options())
    if (!option->get_lnames().empty())
      result.push_back({"--" + option->get_lnames().front(),
                        option->get_description(),
                        option->get_items_expected_max() > 0,
                        option->get_type_name() == "FILE"});
  return result;
}

std::vector<subcommand> commands_of(const CLI::App& app) {
  std::vector<subcommand> result;
  for (auto* sub : app.get_subcommands({})) {
    auto flags = flags_of(*sub);
    std::erase_if(flags, [](auto& each) { return each.name == "--help"; });
    result.push_back({sub->get_name(), sub->get_description(),
                      sub->get_option_no_throw("pid") != nullptr,
                      std::move(flags)});
  }
  return result;
}

template <class Range, class ToText>
std::string joined(const Range& range, std::string_view separator,
                   ToText to_text) {
  std::string result;
  for (auto& each : range) {
    std::string text = to_text(each);
    if (!text.empty() && !result.empty())
      result += separator;
    result += text;
  }
  return result;
}

std::string names(const std::vector<flag>& flags) {
  return joined(flags, " ", [](auto& each) { return each.name; });
}

std::string names(const std::vector<subcommand>& all) {
  return joined(all, " ", [](auto& each) { return each.name; });
}

// -- bash ---------------------------------------------------------------------

// {0} options, {1} commands, {2} patterns of options with a file, {3} of those
// with another value, {4} the commands' own options, {5} patterns of commands
// with a PID, {6} patterns of commands.
constexpr auto bash_script = R"(# bash completion for wsrelay
_wsrelay_pids() {{
  local node=()
  if [[ $COMP_LINE =~ --node[=\ ]+([^\ ]+) ]]; then
    node=(--node "${{BASH_REMATCH[1]}}")
  fi
  wsrelay ps --json --timeout 1s "${{node[@]}}" 2>/dev/null |
    grep -o '"pid":"[^"]*"' | cut -d '"' -f 4
}}

_wsrelay() {{
  local cur line prev command= words= word parts
  # Bash takes "@" and ":" for the end of a word; PIDs and addresses do not.
  line=${{COMP_LINE:0:COMP_POINT}}
  cur=${{line##*[ =]}}
  read -ra parts <<<"${{line%"$cur"}}"
  prev=${{parts[-1]%=}}
  COMPREPLY=()
  case $prev in
    {2}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    {3}) return ;;
    completion) words='bash zsh fish' ;;
  esac
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case $word in {6}) command=$word; break ;; esac
  done
  if [[ -z $words && $cur == -* ]]; then
    words='{0}'
    case $command in
{4}
    esac
  elif [[ -z $words && -z $command ]]; then
    words='{1}'
  elif [[ $prev == "$command" ]]; then
    case $command in {5}) words=$(_wsrelay_pids) ;; esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ $cur == *@* && $COMP_WORDBREAKS == *@* ]]; then
    COMPREPLY=("${{COMPREPLY[@]#"${{cur%@*}}@"}}")
  fi
}}
complete -F _wsrelay wsrelay
)";

std::string make_bash(const std::vector<flag>& global,
                      const std::vector<subcommand>& commands) {
  std::vector<flag> all = global;
  for (auto& each : commands)
    all.insert(all.end(), each.flags.begin(), each.flags.end());
  auto files =
      joined(all, "|", [](auto& f) { return f.takes_file ? f.name : ""; });
  auto values = joined(all, "|", [](auto& f) {
    return f.takes_value && !f.takes_file ? f.name : "";
  });
  auto own = joined(commands, "\n", [](auto& each) {
    return each.flags.empty() ? std::string{}
                              : fmt::format("      {}) words+=' {}' ;;",
                                            each.name, names(each.flags));
  });
  auto with_pid = joined(commands, "|", [](auto& each) {
    return each.takes_pid ? each.name : "";
  });
  auto any = joined(commands, "|", [](auto& each) { return each.name; });
  return fmt::format(bash_script, names(global), names(commands), files, values,
                     own, with_pid, any);
}

// -- zsh ----------------------------------------------------------------------

// {0} options, {1} commands, {2} the commands' own options, {3} commands.
constexpr auto zsh_script = R"(#compdef wsrelay
_wsrelay() {{
  local command=${{words[(r)({3})]}}
  local -a options commands
  commands=(
{1}
  )
  options=(
{0}
  )
  case $command in
{2}
  esac
  if [[ $words[CURRENT] == -* ]]; then
    _describe -o option options
  elif [[ -z $command ]]; then
    _describe command commands
  elif [[ $command == completion ]]; then
    compadd bash zsh fish
  else
    _files
  fi
}}
# In a folder of $fpath this is the function's body; else it is sourced.
if [[ $funcstack[1] == _wsrelay ]]; then
  _wsrelay "$@"
else
  compdef _wsrelay wsrelay
fi
)";

std::string zsh_flags(const std::vector<flag>& flags,
                      std::string_view separator) {
  return joined(flags, separator,
                [](auto& each) { return quoted(each.name + ":" + each.help); });
}

std::string make_zsh(const std::vector<flag>& global,
                     const std::vector<subcommand>& commands) {
  auto all = joined(commands, "\n", [](auto& each) {
    return "    " + quoted(each.name + ":" + each.help);
  });
  auto own = joined(commands, "\n", [](auto& each) {
    return each.flags.empty()
               ? std::string{}
               : fmt::format("    {}) options+=({}) ;;", each.name,
                             zsh_flags(each.flags, " "));
  });
  return fmt::format(zsh_script, "    " + zsh_flags(global, "\n    "), all, own,
                     joined(commands, "|", [](auto& x) { return x.name; }));
}

// -- fish ---------------------------------------------------------------------

std::string fish_flag(const flag& what, const std::string& condition) {
  return fmt::format("complete -c wsrelay{} -l {} -d {}{}\n", condition,
                     what.name.substr(2), quoted(what.help),
                     what.takes_file    ? " -r -F"
                     : what.takes_value ? " -x"
                                        : "");
}

std::string make_fish(const std::vector<flag>& global,
                      const std::vector<subcommand>& commands) {
  std::string out = "# fish completion for wsrelay\ncomplete -c wsrelay -f\n";
  for (auto& each : global)
    out += fish_flag(each, "");
  for (auto& each : commands) {
    out += fmt::format("complete -c wsrelay -n __fish_use_subcommand -a {} -d "
                       "{}\n",
                       each.name, quoted(each.help));
    auto seen = fmt::format(" -n '__fish_seen_subcommand_from {}'", each.name);
    for (auto& own : each.flags)
      out += fish_flag(own, seen);
  }
  out += "complete -c wsrelay -n '__fish_seen_subcommand_from completion' -a "
         "'bash zsh fish'\n";
  return out;
}

} // namespace

std::string make_completion(const std::string& shell, const CLI::App& app) {
  auto global = flags_of(app);
  auto commands = commands_of(app);
  if (shell == "bash")
    return make_bash(global, commands);
  return shell == "zsh" ? make_zsh(global, commands)
                        : make_fish(global, commands);
}

} // namespace wsrelay::cli
