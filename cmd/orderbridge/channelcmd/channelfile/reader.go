package channelfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// reader walks the nodes of a file. It does not leave that to a decoder, which
// would end at the first mistake.
type reader struct {
	file, dir   string
	drivers     downstream.Drivers
	environment func(string) (string, bool)
	anchors     map[string]ast.Node
	entries     []Entry
	problems    []ProblemError
	merges      int
	// tangled is set once merges were too many, or went round in a circle.
	tangled bool
}

// read reads the value of a field.
type read func(e *Entry, path string, node ast.Node)

func (r *reader) problemf(at Position, format string, args ...any) {
	r.problems = append(r.problems, ProblemError{File: r.file, Position: at, Message: fmt.Sprintf(format, args...)})
}

// wrong reports what is wrong with a field, and keeps the validation of the
// whole from saying so again.
func (r *reader) wrongf(e *Entry, path string, node ast.Node, format string, args ...any) {
	e.broken[path] = true
	r.problemf(positionOf(node), path+" "+format, args...)
}

func positionOf(node ast.Node) Position {
	if mapping, ok := node.(*ast.MappingNode); ok && len(mapping.Values) > 0 {
		node = mapping.Values[0].Key // its own token is a colon
	}
	if token := node.GetToken(); token != nil && token.Position != nil {
		return Position{token.Position.Line, token.Position.Column}
	}
	return Position{1, 1}
}

// Visit implements ast.Visitor: it notes the anchors.
func (r *reader) Visit(node ast.Node) ast.Visitor {
	if anchor, ok := node.(*ast.AnchorNode); ok {
		name := anchor.Name.GetToken().Value
		if _, repeated := r.anchors[name]; repeated {
			r.problemf(positionOf(anchor), "the anchor &%s is set twice", name)
		}
		r.anchors[name] = anchor.Value
	}
	return r
}

const (
	// maxDepth bounds aliases of aliases, which could go round for ever.
	maxDepth = 20
	// maxMerges bounds the merges of a file: few lines can ask for millions.
	maxMerges = 10_000
)

// resolve follows anchors and aliases.
func (r *reader) resolve(node ast.Node) ast.Node {
	for range maxDepth {
		switch n := node.(type) {
		case *ast.AnchorNode:
			node = n.Value
		case *ast.AliasNode:
			target, ok := r.anchors[n.Value.GetToken().Value]
			if !ok {
				return node
			}
			node = target
		default:
			return node
		}
	}
	return node
}

// pair is a key with its value.
type pair struct {
	key   string
	at    Position
	value ast.Node
	// merged is true for one that came with "<<": what the mapping says itself
	// goes before.
	merged bool
}

// pairs returns what a mapping holds, or false if the node is none.
func (r *reader) pairs(node ast.Node, depth int) ([]pair, bool) {
	var values []*ast.MappingValueNode
	switch n := r.resolve(node).(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil, false
	}
	var out []pair
	for _, value := range values {
		if !value.Key.IsMergeKey() {
			out = append(out, pair{key: value.Key.GetToken().Value, at: positionOf(value.Key), value: value.Value})
			continue
		}
		if r.merges++; depth > maxDepth || r.merges > maxMerges {
			r.tangled = true
			return out, true
		}
		inner, ok := r.pairs(value.Value, depth+1)
		if !ok {
			r.problemf(positionOf(value.Key), "<< must be followed by an alias of a mapping")
			continue
		}
		for _, p := range inner {
			p.merged = true
			out = append(out, p)
		}
	}
	return out, true
}

// prevailing leaves out what came with "<<" and is set by the mapping itself.
func prevailing(pairs []pair) []pair {
	own := map[string]bool{}
	for _, p := range pairs {
		own[p.key] = own[p.key] || !p.merged
	}
	return slices.DeleteFunc(pairs, func(p pair) bool { return p.merged && own[p.key] })
}

// object reads a mapping with these fields.
func (r *reader) object(e *Entry, path string, node ast.Node, fields map[string]read) {
	pairs, ok := r.pairs(node, 0)
	if !ok {
		if !isNull(r.resolve(node)) {
			r.wrongf(e, orChannel(path), node, "must be a mapping with %s", names(fields))
		}
		return
	}
	seen := map[string]Position{}
	for _, p := range prevailing(pairs) {
		at := strings.TrimPrefix(path+"."+p.key, ".")
		field, known := fields[p.key]
		first, repeated := seen[p.key]
		switch {
		case !known:
			r.problemf(p.at, "%s is not a field; %s has %s", at, orChannel(path), names(fields))
		case repeated:
			r.problemf(p.at, "%s is set twice, first in line %d", at, first.Line)
		default:
			seen[p.key], e.fields[at] = p.at, p.at
			if value := r.resolve(p.value); !isNull(value) {
				field(e, at, value)
			}
		}
	}
}

func orChannel(path string) string {
	if path == "" {
		return "a channel"
	}
	return path
}

func names(fields map[string]read) string {
	return strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
}

func isNull(node ast.Node) bool { return node == nil || node.Type() == ast.NullType }

// document reads a list of channels, or a single one.
func (r *reader) document(node ast.Node) {
	pairs, ok := r.pairs(node, 0)
	if !ok {
		r.problemf(positionOf(node), `there must be "channels:" with a list, or the fields of one channel`)
		return
	}
	if !slices.ContainsFunc(pairs, func(p pair) bool { return p.key == "channels" }) {
		r.channel(node)
		return
	}
	seen := false
	for _, p := range pairs {
		list, isList := r.resolve(p.value).(*ast.SequenceNode)
		switch {
		case strings.HasPrefix(p.key, "x-"): // a place for anchors
		case p.key != "channels":
			r.problemf(p.at, "%s is not a field beside channels; a name that begins with x- can hold what anchors share", p.key)
		case seen:
			r.problemf(p.at, "channels is set twice")
		case !isList:
			r.problemf(p.at, "channels must be a list")
		default:
			seen = true
			for _, item := range list.Values {
				r.channel(item)
			}
		}
	}
}

// channel reads one channel and checks all of it that can be checked here.
func (r *reader) channel(node ast.Node) {
	empty := func() *string { return new(string) }
	e := Entry{
		Channel: channels.Channel{Active: true},
		Secrets: operator.Secrets{AccessToken: empty(), ClientSecret: empty(), DownstreamToken: empty()},
		start:   positionOf(node), fields: map[string]Position{}, broken: map[string]bool{},
	}
	before := len(r.problems)
	r.object(&e, "", node, r.channelFields(&e))
	if !e.broken[orChannel("")] {
		r.validate(&e)
	}
	if e.Channel.ID != "" && channels.ValidID(e.Channel.ID) {
		for i := range r.problems[before:] {
			problem := &r.problems[before+i]
			problem.Message = "channel " + e.Channel.ID + ": " + problem.Message
		}
	}
	r.entries = append(r.entries, e)
}

// validate applies the rules for channels. What the reader complained of is not
// complained of again.
func (r *reader) validate(e *Entry) {
	complete := e.Channel
	complete.Settings = complete.Settings.WithDefaults()
	for _, secret := range []struct {
		field string
		value string
		into  *seal.Sealed
	}{
		{"store.access_token", *e.Secrets.AccessToken, &complete.Store.AccessToken},
		{"store.client_secret", *e.Secrets.ClientSecret, &complete.Store.ClientSecret},
		{"downstream.token", *e.Secrets.DownstreamToken, &complete.Downstream.Token},
	} {
		if secret.value != "" || e.broken[secret.field] {
			*secret.into = seal.Sealed("given") // whether there is one is all that is checked
		}
	}
	problems := operator.Problems(complete.Validate())
	for _, problem := range complete.Downstream.Check(r.drivers) {
		problems = append(problems, operator.FieldError{Field: problem.Field, Message: problem.Message})
	}
	for _, problem := range problems {
		if !e.broken[problem.Field] {
			r.problemf(e.Where(problem.Field), "%s %s", problem.Field, problem.Message)
		}
	}
}
