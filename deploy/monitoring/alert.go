package monitoring

import (
	"fmt"
	"os"
	"regexp"

	"github.com/goccy/go-yaml"
)

// Alert is an alerting rule of Prometheus.
type Alert struct {
	Name        string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

type ruleFile struct {
	Groups []ruleGroup `yaml:"groups"`
}

type ruleGroup struct {
	Name  string  `yaml:"name"`
	Rules []Alert `yaml:"rules"`
}

// ReadAlerts reads the alerts of a file of rules, in their order. It fails if
// there is a field or a kind of rule that it does not know.
func ReadAlerts(path string) ([]Alert, error) {
	file, err := readRules(path)
	if err != nil {
		return nil, err
	}
	var out []Alert
	for _, group := range file.Groups {
		out = append(out, group.Rules...)
	}
	return out, nil
}

// Impatient returns a file of rules in which the alerts wait for nothing: each
// fires as soon as its expression is true. Everything else is as in the file
// that is given.
func Impatient(path string) ([]byte, error) {
	file, err := readRules(path)
	if err != nil {
		return nil, err
	}
	for _, group := range file.Groups {
		for i := range group.Rules {
			group.Rules[i].For = ""
		}
	}
	return yaml.Marshal(file)
}

func readRules(path string) (ruleFile, error) {
	var file ruleFile
	text, err := os.ReadFile(path) //nolint:gosec // a file of the project
	if err != nil {
		return file, err
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		return file, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

var selector = regexp.MustCompile(`\b(?:orderbridge_[a-z_]+|temporal_[a-z_]+|process_[a-z_]+|go_[a-z_]+|up|ALERTS)\b(?:\{[^}]*\})?`)

var labelList = regexp.MustCompile(`\b(?:by|on|group_left)\s*\([^)]*\)`)

// Selectors returns the selectors of series in an expression, without ranges and
// offsets. They are those of the metrics that a process of ours exports, and of
// what Prometheus adds itself.
func Selectors(expr string) []string {
	return selector.FindAllString(labelList.ReplaceAllString(expr, ""), -1)
}
