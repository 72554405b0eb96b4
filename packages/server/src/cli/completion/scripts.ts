import { FILES } from './complete.ts'

/**
 * The scripts hand the words of the line to `keysmith complete` as they are: a line that is being typed
 * is not evaluated, and needs no helper of the shell's completion package.
 */
export const SCRIPTS = {
  bash: `# bash completion for keysmith
_keysmith() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ${FILES} ]]; then
      compopt -o default 2>/dev/null
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(keysmith complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _keysmith keysmith
`,
  zsh: `#compdef keysmith
_keysmith() {
  local line wants_files
  local -a candidates
  while IFS= read -r line; do
    if [[ $line == ${FILES} ]]; then
      wants_files=1
    else
      candidates+=("\${\${line//:/\\\\:}/$'\\t'/:}")
    fi
  done < <(keysmith complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#candidates} )) && _describe keysmith candidates
  [[ -n $wants_files ]] && _files
}
if [[ \${funcstack[1]} == _keysmith ]]; then
  _keysmith "$@"
else
  compdef _keysmith keysmith
fi
`,
  fish: `# fish completion for keysmith
function __keysmith_complete
  set -l words (commandline -opc)
  set -l typed (commandline -ct)
  for line in (keysmith complete -- $words[2..-1] "$typed" 2>/dev/null)
    if test "$line" = ${FILES}
      __fish_complete_path "$typed"
    else
      echo $line
    end
  end
end
complete -c keysmith -f -a '(__keysmith_complete)'
`,
} as const
