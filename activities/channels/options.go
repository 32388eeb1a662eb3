package channels

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Option is one thing that a channel says about its downstream system beside
// address and token. It is not a secret.
type Option struct {
	// Name is one of the adapter's, for example "store_id".
	Name string
	// Value is what it is set to.
	Value string
}

// Options are the options of a channel's downstream system, in the order of
// their names. In JSON they are an object. They are not a map, because workflows
// compare them and must see them in one order always.
type Options []Option

// MaxOptions bounds how many options a channel has.
const MaxOptions = 50

// Get returns the value of an option, or "" if it is not set.
func (o Options) Get(name string) string {
	i, found := o.find(name)
	if !found {
		return ""
	}
	return o[i].Value
}

// With returns the options with one set; to "" means without it.
func (o Options) With(name, value string) Options {
	out := slices.Clone(o)
	i, found := out.find(name)
	switch {
	case found && value == "":
		return slices.Delete(out, i, i+1)
	case found:
		out[i].Value = value
		return out
	case value == "":
		return out
	default:
		return slices.Insert(out, i, Option{Name: name, Value: value})
	}
}

func (o Options) find(name string) (int, bool) {
	return slices.BinarySearchFunc(o, name, func(option Option, name string) int { return cmp.Compare(option.Name, name) })
}

// Values returns the options as adapters take them.
func (o Options) Values() downstream.Values {
	values := make(downstream.Values, len(o))
	for _, option := range o {
		values[option.Name] = option.Value
	}
	return values
}

// String writes the options as "name=value, …".
func (o Options) String() string {
	parts := make([]string, 0, len(o))
	for _, option := range o {
		parts = append(parts, option.Name+"="+option.Value)
	}
	return strings.Join(parts, ", ")
}

// MarshalJSON implements json.Marshaler.
func (o Options) MarshalJSON() ([]byte, error) {
	members := make(map[string]string, len(o))
	for _, option := range o {
		members[option.Name] = option.Value
	}
	return json.Marshal(members) // in the order of the names
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *Options) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return errors.New("options must be an object")
	}
	var out Options
	for _, name := range slices.Sorted(maps.Keys(members)) {
		value, ok := OptionValue(members[name])
		if !ok {
			return fmt.Errorf("the option %q must be a text, a number, true or false", name)
		}
		out = out.With(name, value)
	}
	*o = out
	return nil
}

// OptionValue returns what a JSON value means as the value of an option: a text,
// or a number or boolean as it stands there. Null means "": not set. It is false
// for anything else.
func OptionValue(raw json.RawMessage) (string, bool) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return "", false
	}
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	default:
		return "", false
	}
}

// Check returns every mistake in the connection that the driver of its adapter
// can find without the token and without asking the system.
func (d Downstream) Check(drivers downstream.Drivers) []ProblemError {
	if d.Adapter == "" {
		return nil // said by Channel.Validate
	}
	driver, known := drivers.Find(d.Adapter)
	if !known {
		return []ProblemError{{Field: "downstream.adapter", Message: fmt.Sprintf("%q is none of %s", d.Adapter, drivers.Names())}}
	}
	var problems []ProblemError
	for _, mistake := range driver.Check(d.BaseURL, d.Options.Values()) {
		problems = append(problems, ProblemError{Field: "downstream." + mistake.Field, Message: mistake.Message})
	}
	return problems
}
