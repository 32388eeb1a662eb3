// Package channelfile reads sales channels from a YAML file, for those who keep
// their settings under version control. The file holds no secret: it says where
// each of them is.
package channelfile

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// MaxSize is the size in bytes of the largest file that is read.
const MaxSize = 4 << 20

// Entry is one sales channel of a file.
type Entry struct {
	// Channel is the channel without its credentials. What the file does not
	// mention has its default; a channel is active unless the file says no.
	Channel channels.Channel
	// Secrets are its credentials, as they were found where the file says.
	// None of them is nil: a client secret that the file does not mention is
	// to be removed.
	Secrets operator.Secrets

	start  Position
	fields map[string]Position
	broken map[string]bool
}

// Position is a place in a file, counted from 1.
type Position struct {
	Line   int
	Column int
}

// Where returns the place of a field such as "settings.cancel_on", or of what it
// is a part of, or of the channel.
func (e Entry) Where(field string) Position {
	for field != "" {
		if at, ok := e.fields[field]; ok {
			return at
		}
		field, _, _ = cutLast(field)
	}
	return e.start
}

// cutLast cuts the last part off the name of a field.
func cutLast(field string) (before, last string, found bool) {
	i := strings.LastIndexByte(field, '.')
	if i < 0 {
		return "", field, false
	}
	return field[:i], field[i+1:], true
}

// ProblemError is one mistake in a file.
type ProblemError struct {
	// File is the name of the file.
	File string
	// Position is where it is.
	Position
	// Message says what it is. It quotes nothing that may be a secret.
	Message string
}

// Error returns the problem in the form that editors can jump to.
func (p ProblemError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Parse reads the channels of a file: a list under "channels", or a single one,
// in each of its documents. Name is the name of the file, to which the paths of
// secrets are relative; drivers are the kinds of downstream systems that a channel can
// name; environment looks a variable up.
//
// It reports all mistakes at once, as joined ProblemErrors in the order of the file:
// unknown, repeated and missing fields, wrong values, and secrets that are not
// where the file says. If the file is no YAML, it can report only the first.
func Parse(
	name string, data []byte, drivers downstream.Drivers, environment func(string) (string, bool),
) ([]Entry, error) {
	r := &reader{file: name, dir: filepath.Dir(name), drivers: drivers, environment: environment, anchors: map[string]ast.Node{}}
	if len(data) > MaxSize {
		return nil, ProblemError{File: name, Position: Position{1, 1}, Message: fmt.Sprintf("the file is larger than %d bytes", MaxSize)}
	}
	// Repeated keys are reported with all other mistakes.
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxProblem(name, err)
	}
	for _, document := range file.Docs {
		if document.Body == nil {
			continue
		}
		ast.Walk(r, document.Body)
		r.document(document.Body)
	}
	if r.tangled {
		r.problemf(Position{1, 1}, "there are too many merges with <<, or they go round in a circle")
	}
	r.repeatedIDs()
	if len(r.entries) == 0 && len(r.problems) == 0 {
		r.problemf(Position{1, 1}, "there is no channel in it")
	}
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b ProblemError) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		joined := make([]error, 0, len(r.problems))
		for _, problem := range r.problems {
			joined = append(joined, problem)
		}
		return nil, errors.Join(joined...)
	}
	return r.entries, nil
}

// syntaxProblem leaves out the lines that the parser would quote.
func syntaxProblem(name string, err error) error {
	problem := ProblemError{File: name, Position: Position{1, 1}, Message: "this is no YAML"}
	if syntax, ok := errors.AsType[yaml.Error](err); ok {
		problem.Message += ": " + syntax.GetMessage()
		if token := syntax.GetToken(); token != nil && token.Position != nil {
			problem.Position = Position{token.Position.Line, token.Position.Column}
		}
	}
	return problem
}

func (r *reader) repeatedIDs() {
	first := map[string]Position{}
	for _, entry := range r.entries {
		id := entry.Channel.ID
		if id == "" {
			continue
		}
		if at, repeated := first[id]; repeated {
			r.problemf(entry.Where("id"), "channel %s is described twice, first in line %d", id, at.Line)
			continue
		}
		first[id] = entry.Where("id")
	}
}
