"""Runs a command on a terminal of its own and types answers.

_pty.py COLUMNS '[["what to wait for", "what to type"], ...]' COMMAND ARGUMENT...
"""
import fcntl, json, os, pty, struct, sys, termios

columns, answers, command = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    os.execvp(command[0], command)

seen = b""
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    sys.stdout.buffer.write(piece)
    seen += piece
    if answers and answers[0][0].encode() in seen:
        os.write(terminal, answers.pop(0)[1].encode())
        seen = b""
sys.stdout.buffer.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
