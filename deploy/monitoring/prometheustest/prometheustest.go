// Package prometheustest gives tests a real Prometheus: the command "prometheus"
// of the PATH, which .ci/setup installs, on a port of its own and with a
// temporary directory.
package prometheustest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

const (
	// every is how often it scrapes and evaluates.
	every = time.Second
	// startTimeout is for a machine that has much else to do.
	startTimeout = time.Minute
)

// Options say what a Server does.
type Options struct {
	// Targets are the addresses (host:port) to scrape, by job.
	Targets map[string][]string
	// Rules are the contents of a file of rules. Default: no rules.
	Rules []byte
}

// Server is a Prometheus that runs until the test ends.
type Server struct {
	// URL is where it answers, without a slash at the end.
	URL string

	log *log
}

// log keeps what it says, and notices at which address it listens.
type log struct {
	mu   sync.Mutex
	text []byte
}

var listening = regexp.MustCompile(`msg="Listening on" address=(\S+)`)

// read reads all that it says, and sends the address once it is said.
func (l *log) read(from io.Reader, address chan<- string) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		l.mu.Lock()
		l.text = append(append(l.text, lines.Bytes()...), '\n')
		l.mu.Unlock()
		if found := listening.FindSubmatch(lines.Bytes()); found != nil {
			select {
			case address <- string(found[1]):
			default: // it was said before
			}
		}
	}
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// Start starts a Prometheus that scrapes and evaluates once a second. It fails
// the test if there is none on this machine, or if it does not start.
func Start(tb testing.TB, options Options) *Server {
	tb.Helper()
	dir := tb.TempDir()
	configuration, err := configure(dir, options)
	require.NoError(tb, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(tb.Context()))
	command := exec.CommandContext(ctx, "prometheus", //nolint:gosec // files of its own making
		"--config.file="+configuration, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address=127.0.0.1:0", "--enable-feature=exemplar-storage", "--log.level=info")
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = startTimeout
	said, err := command.StderrPipe()
	require.NoError(tb, err)
	require.NoError(tb, command.Start(), "a Prometheus for the test: bash .ci/setup installs it")
	s := &Server{log: &log{}}
	address, ended := make(chan string, 1), make(chan struct{})
	var waited error
	go func() {
		defer close(ended)
		s.log.read(said, address)
		waited = command.Wait()
	}()
	tb.Cleanup(func() {
		stop()
		<-ended
		if waited != nil && !errors.Is(waited, context.Canceled) {
			tb.Errorf("Prometheus ended badly: %v", waited)
		}
		if tb.Failed() {
			tb.Logf("the log of Prometheus:\n%s", s.log)
		}
	})
	select {
	case at := <-address:
		s.URL = "http://" + at
	case <-ended:
		require.FailNow(tb, "Prometheus ended at once", "%v\n%s", waited, s.log)
	case <-time.After(startTimeout):
		require.FailNow(tb, "Prometheus does not start", "%s", s.log)
	}
	// It listens before it answers questions.
	require.Eventually(tb, func() bool { return s.ready(ctx) }, startTimeout, 20*time.Millisecond, "Prometheus does not get ready")
	return s
}

// configure writes the files of a configuration.
func configure(dir string, options Options) (path string, err error) {
	type static struct {
		Targets []string `yaml:"targets"`
	}
	type job struct {
		Name    string   `yaml:"job_name"`
		Statics []static `yaml:"static_configs"`
	}
	jobs := make([]job, 0, len(options.Targets))
	for _, name := range slices.Sorted(maps.Keys(options.Targets)) {
		jobs = append(jobs, job{name, []static{{options.Targets[name]}}})
	}
	rules := filepath.Join(dir, "test.rules.yaml")
	text, err := yaml.Marshal(map[string]any{
		"global": map[string]string{
			"scrape_interval": every.String(), "scrape_timeout": every.String(), "evaluation_interval": every.String(),
		},
		"rule_files": []string{rules}, "scrape_configs": jobs,
	})
	if err != nil {
		return "", err
	}
	given := options.Rules
	if given == nil {
		given = []byte("groups: []\n")
	}
	path = filepath.Join(dir, "prometheus.yml")
	if err := errors.Join(os.WriteFile(rules, given, 0o600), os.WriteFile(path, text, 0o600)); err != nil {
		return "", fmt.Errorf("configure Prometheus: %w", err)
	}
	return path, nil
}
