package channelfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// channelFields are the fields of a channel, by the names that they have in
// JSON.
func (r *reader) channelFields(e *Entry) map[string]read {
	c := &e.Channel
	s := &c.Settings
	return map[string]read{
		"id":           text(r, &c.ID),
		"active":       r.boolean(&c.Active),
		"callback_url": text(r, &c.CallbackURL),
		"store": r.mapping(map[string]read{
			"hash":          text(r, &c.Store.Hash),
			"base_url":      text(r, &c.Store.BaseURL),
			"client_id":     text(r, &c.Store.ClientID),
			"access_token":  r.secret(e.Secrets.AccessToken),
			"client_secret": r.secret(e.Secrets.ClientSecret),
		}),
		"downstream": r.mapping(map[string]read{
			"adapter":  text(r, &c.Downstream.Adapter),
			"base_url": text(r, &c.Downstream.BaseURL),
			"token":    r.secret(e.Secrets.DownstreamToken),
			"options":  r.options(&c.Downstream.Options),
		}),
		"settings": r.mapping(map[string]read{
			"valid_cancellation_statuses": r.texts(&s.ValidCancellationStatuses),
			"valid_fulfillment_statuses":  r.texts(&s.ValidFulfillmentStatuses),
			"cancel_on":                   numbers(r, &s.CancelOn),
			"fulfill_on":                  numbers(r, &s.FulfillOn),
			"store_channels":              numbers(r, &s.StoreChannels),
			"signature":                   text(r, &s.Signature),
			"audit_every":                 r.duration(&s.AuditEvery),
			"reconcile_every":             r.duration(&s.ReconcileEvery),
			"waits": r.mapping(map[string]read{
				"first":         r.duration(&s.Waits.First),
				"longest":       r.duration(&s.Waits.Longest),
				"give_up_after": r.duration(&s.Waits.GiveUpAfter),
				"settle":        r.duration(&s.Waits.Settle),
				"retry_for":     r.duration(&s.Waits.RetryFor),
			}),
		}),
	}
}

func (r *reader) mapping(fields map[string]read) read {
	return func(e *Entry, path string, node ast.Node) { r.object(e, path, node, fields) }
}

// textOf returns the text of a node, or false if it is none: a number that
// stands for a name would lose its leading zeros.
func textOf(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	default:
		return "", false
	}
}

func text[T ~string](r *reader, into *T) read {
	return func(e *Entry, path string, node ast.Node) {
		value, ok := textOf(node)
		if !ok {
			r.wrongf(e, path, node, "must be text: put it in quotes")
			return
		}
		*into = T(value)
	}
}

func (r *reader) boolean(into *bool) read {
	return func(e *Entry, path string, node ast.Node) {
		value, ok := node.(*ast.BoolNode)
		if !ok {
			r.wrongf(e, path, node, "must be true or false")
			return
		}
		*into = value.Value
	}
}

func (r *reader) duration(into *channels.Duration) read {
	return func(e *Entry, path string, node ast.Node) {
		value, ok := textOf(node)
		if !ok || into.UnmarshalText([]byte(value)) != nil {
			r.wrongf(e, path, node, "must be a duration like 90s, 5m or 24h")
		}
	}
}

// list calls one with each item of a list.
func (r *reader) list(e *Entry, path string, node ast.Node, one func(item ast.Node)) {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		r.wrongf(e, path, node, "must be a list")
		return
	}
	for _, item := range sequence.Values {
		one(r.resolve(item))
	}
}

// options reads a mapping whose names are the adapter's. A number or a boolean
// stands for the text that it is written as.
func (r *reader) options(into *channels.Options) read {
	return func(e *Entry, path string, node ast.Node) {
		pairs, ok := r.pairs(node, 0)
		if !ok {
			r.wrongf(e, path, node, "must be a mapping of names with texts")
			return
		}
		for _, p := range prevailing(pairs) {
			at := path + "." + p.key
			if first, repeated := e.fields[at]; repeated {
				r.problemf(p.at, "%s is set twice, first in line %d", at, first.Line)
				continue
			}
			e.fields[at] = p.at
			switch value := r.resolve(p.value); value.(type) {
			case *ast.NullNode:
			case *ast.StringNode, *ast.LiteralNode:
				text, _ := textOf(value)
				*into = into.With(p.key, text)
			case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
				*into = into.With(p.key, value.GetToken().Value)
			default:
				r.wrongf(e, at, value, "must be a text, a number, true or false")
			}
		}
	}
}

func (r *reader) texts(into *[]string) read {
	return func(e *Entry, path string, node ast.Node) {
		values := []string{}
		r.list(e, path, node, func(item ast.Node) {
			value, ok := textOf(item)
			if !ok {
				r.wrongf(e, path, item, "must hold texts: put them in quotes")
			}
			values = append(values, value)
		})
		*into = values
	}
}

func numbers[T ~int | ~int64](r *reader, into *[]T) read {
	return func(e *Entry, path string, node ast.Node) {
		values := []T{}
		r.list(e, path, node, func(item ast.Node) {
			number, ok := numberOf[T](item)
			if !ok {
				r.wrongf(e, path, item, "must hold whole numbers")
			}
			values = append(values, number)
		})
		*into = values
	}
}

func numberOf[T ~int | ~int64](node ast.Node) (T, bool) {
	number, ok := node.(*ast.IntegerNode)
	if !ok {
		return 0, false
	}
	switch value := number.Value.(type) {
	case int64:
		return T(value), true
	case uint64:
		return T(value), value <= 1<<53
	default:
		return 0, false
	}
}

// variableName is what the name of an environment variable looks like, and no
// secret of either side does.
var variableName = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)

// maxSecret is far more than any token has, in bytes.
const maxSecret = 64 << 10

// secret reads a secret from where the file says that it is. Nothing of what
// stands in its place is ever quoted: it may be the secret itself.
func (r *reader) secret(into *string) read {
	return func(e *Entry, path string, node ast.Node) {
		const form = "must say where the secret is, as {env: NAME} or {file: PATH}; the secret itself does not belong into this file"
		pairs, ok := r.pairs(node, 0)
		if !ok || len(pairs) != 1 {
			r.wrongf(e, path, node, form)
			return
		}
		where, isText := textOf(r.resolve(pairs[0].value))
		var value, complaint string
		switch {
		case !isText:
			complaint = form
		case pairs[0].key == "env":
			value, complaint = r.fromEnvironment(where)
		case pairs[0].key == "file":
			value, complaint = r.fromFile(where)
		default:
			complaint = form
		}
		if complaint != "" {
			r.wrongf(e, path, node, "%s", complaint)
			return
		}
		*into = value
	}
}

func (r *reader) fromEnvironment(name string) (value, complaint string) {
	if !variableName.MatchString(name) {
		return "", "needs the name of an environment variable after env: capital letters, digits and underscores"
	}
	value, _ = r.environment(name)
	if value = strings.TrimSpace(value); value == "" {
		return "", "is to be found in the environment variable " + name + ", which is not set or empty"
	}
	return value, ""
}

func (r *reader) fromFile(path string) (value, complaint string) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.dir, path)
	}
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return "", "is to be found in a file that cannot be read: " + reason(err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxSecret))
	if err != nil {
		return "", "is to be found in a file that cannot be read: " + reason(err)
	}
	if value = strings.TrimSpace(string(content)); value == "" {
		return "", "is to be found in a file that is empty"
	}
	return value, ""
}

// reason leaves out the path, which is a secret if somebody wrote one there.
func reason(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err.Error()
	}
	return "it failed"
}
