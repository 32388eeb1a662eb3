// Package monitoring reads the dashboards of deploy/grafana and the alerts of
// deploy/prometheus, for the tests that hold them against a real run.
package monitoring

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Dashboard is what tests need to know of a Grafana dashboard. Its fields are
// named as in Grafana's JSON model.
type Dashboard struct {
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	Description   string   `json:"description"`
	SchemaVersion int      `json:"schemaVersion"`
	Tags          []string `json:"tags"`
	Panels        []Panel  `json:"panels"`
	Links         []Link   `json:"links"`
	Annotations   struct {
		List []Annotation `json:"list"`
	} `json:"annotations"`
	Templating struct {
		List []Variable `json:"list"`
	} `json:"templating"`
}

// Panel is one panel, or a row, which has no queries.
type Panel struct {
	ID          int        `json:"id"`
	Type        string     `json:"type"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Datasource  Datasource `json:"datasource"`
	GridPos     GridPos    `json:"gridPos"`
	Targets     []Target   `json:"targets"`
	FieldConfig struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
}

// GridPos is the place of a panel: the grid is 24 columns wide.
type GridPos struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

// Datasource names where a query is asked.
type Datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Target is a query of a panel.
type Target struct {
	Datasource   Datasource `json:"datasource"`
	Expr         string     `json:"expr"`
	LegendFormat string     `json:"legendFormat"`
	RefID        string     `json:"refId"`
}

// Annotation marks moments in all panels.
type Annotation struct {
	Name       string     `json:"name"`
	Datasource Datasource `json:"datasource"`
	Expr       string     `json:"expr"`
}

// Link is a link at the head of a dashboard.
type Link struct {
	Type  string   `json:"type"`
	Title string   `json:"title"`
	URL   string   `json:"url"`
	Tags  []string `json:"tags"`
}

// Variable is a choice at the head of a dashboard, or a constant.
type Variable struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Definition string `json:"definition"`
	AllValue   string `json:"allValue"`
}

// ReadDashboards reads the dashboards of a folder, by the names of their files.
func ReadDashboards(dir string) (map[string]Dashboard, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	out := make(map[string]Dashboard, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // a file of the project
		if err != nil {
			return nil, err
		}
		var dashboard Dashboard
		if err := json.Unmarshal(text, &dashboard); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out[filepath.Base(file)] = dashboard
	}
	return out, nil
}

// Query is an expression of PromQL, and where it stands.
type Query struct {
	Where string
	Expr  string
}

// Queries returns the queries of all panels and annotations, as they are
// written.
func (d Dashboard) Queries() []Query {
	var out []Query
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			out = append(out, Query{fmt.Sprintf("%s: %s (%s)", d.Title, panel.Title, target.RefID), target.Expr})
		}
	}
	for _, annotation := range d.Annotations.List {
		if annotation.Expr != "" {
			out = append(out, Query{fmt.Sprintf("%s: annotation %s", d.Title, annotation.Name), annotation.Expr})
		}
	}
	return out
}

var labelValues = regexp.MustCompile(`^label_values\((.+), *([a-z_]+)\)$`)

// LabelValues takes the query of a variable apart, which asks for the values
// that a label has in the series of a selector.
func (v Variable) LabelValues() (selector, label string, err error) {
	parts := labelValues.FindStringSubmatch(v.Definition)
	if parts == nil {
		return "", "", fmt.Errorf("the variable %s asks for no label: %q", v.Name, v.Definition)
	}
	return parts[1], parts[2], nil
}

// Expand puts values in the place of Grafana's variables, as Grafana does when
// all of everything is chosen: rates are taken over a minute, and the time that
// is shown is a quarter of an hour.
func Expand(expr string) string {
	return strings.NewReplacer(
		"$__rate_interval", "1m", "$__range", "15m", "$job", ".+", "$instance", ".+", "$channel", ".+",
	).Replace(expr)
}
