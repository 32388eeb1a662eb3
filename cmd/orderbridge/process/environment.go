package process

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Environment is a set of environment variables. It can stand in for the
// process's own where the Temporal SDK reads its settings.
type Environment map[string]string

// Environ returns the variables in the form of os.Environ.
func (e Environment) Environ() []string {
	out := make([]string, 0, len(e))
	for name, value := range e {
		out = append(out, name+"="+value)
	}
	return out
}

// LookupEnv is like os.LookupEnv.
func (e Environment) LookupEnv(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

const fileSuffix = "_FILE"

// maxSecretFile is far more than any secret has, and keeps a wrong path, such
// as a device, from filling the memory.
const maxSecretFile = 64 << 10

// ReadEnvironment returns an environment in the form of os.Environ, with the
// contents of the files that …_FILE variables name in their place. It reports
// all that cannot be read.
func ReadEnvironment(environ []string) (Environment, error) {
	environment, mistakes := resolve(env.ToMap(environ))
	return environment, errors.Join(mistakes...)
}

// resolve puts the contents of the files that …_FILE variables name in the
// place of the variables themselves.
func resolve(environment map[string]string) (Environment, []error) {
	out := maps.Clone(environment)
	var mistakes []error
	for _, name := range secretVariables() {
		path := environment[name+fileSuffix]
		if path == "" {
			continue
		}
		if environment[name] != "" {
			mistakes = append(mistakes, fmt.Errorf("%s and %s are both set: keep one", name, name+fileSuffix))
			continue
		}
		value, err := readSecret(path)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", name+fileSuffix, err))
			continue
		}
		out[name] = value
		delete(out, name+fileSuffix)
	}
	return out, mistakes
}

func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecretFile {
		return "", fmt.Errorf("%s must be a file of at most %d bytes", path, maxSecretFile)
	}
	content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return "", err
	}
	value := strings.TrimSpace(string(content))
	if value == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return value, nil
}
