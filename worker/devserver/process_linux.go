package devserver

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// childAttributes puts the child in a process group of its own and has the
// kernel kill it when we die, even by kill -9. SIGKILL and not SIGTERM: nothing
// acknowledged is lost by it, and there is no half-dead server afterward that
// still answers while the next one starts on the same database.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// commandLine returns the arguments of a running process, separated by spaces.
// A process that has ended but was not collected yet has none and is an error.
func commandLine(pid int) (string, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return "", err
	}

	if len(raw) == 0 {
		return "", os.ErrProcessDone
	}

	return strings.TrimSpace(string(bytes.ReplaceAll(raw, []byte{0}, []byte{' '}))), nil
}

func processRunning(pid int) bool {
	_, err := commandLine(pid)

	return err == nil
}
