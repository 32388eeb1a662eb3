package api

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// decode reads a JSON object into the struct that into points to. A member that
// is absent leaves its field as it is, and null gives it its zero value, or that
// of what it points to: into a struct that is filled in, a body is thus a merge
// patch (RFC 7396). A list is replaced as a whole.
//
// It finds every unknown, repeated or mistyped member at once and names it with
// its path. It quotes no values: some of them are secrets.
func decode(body []byte, into any) error {
	d := &decoder{}
	if !json.Valid(body) {
		return badRequest("the body is not JSON")
	}
	d.object(body, reflect.ValueOf(into).Elem(), "")
	if len(d.mistakes) > 0 {
		return badRequest("the body is not as it should be", d.mistakes...)
	}
	return nil
}

type decoder struct {
	mistakes []operator.FieldError
}

func (d *decoder) mistake(path, message string) {
	d.mistakes = append(d.mistakes, operator.FieldError{Field: path, Message: message})
}

// object reads an object whose members are the fields of a struct.
func (d *decoder) object(raw json.RawMessage, into reflect.Value, path string) {
	fields := fieldsOf(into)
	d.members(raw, path, func(name string, value json.RawMessage, again bool) {
		field, known := fields[name]
		switch {
		case !known:
			d.mistake(path+shorten(name), "is not known here")
		case again:
			d.mistake(path+name, "is there twice")
		default:
			d.value(value, field, path+name)
		}
	})
}

// members calls each with every member of an object, and says whether one of its
// name came before.
func (d *decoder) members(raw json.RawMessage, path string, each func(name string, value json.RawMessage, again bool)) {
	members := json.NewDecoder(bytes.NewReader(raw))
	if token, err := members.Token(); err != nil || token != json.Delim('{') {
		d.mistake(strings.TrimSuffix(path, "."), "must be an object")
		return
	}
	var seen []string
	for members.More() {
		token, err := members.Token()
		name, _ := token.(string)
		var value json.RawMessage
		if err = errors.Join(err, members.Decode(&value)); err != nil {
			d.mistake(path+shorten(name), "cannot be read")
			return
		}
		each(name, value, slices.Contains(seen, name))
		seen = append(seen, name)
	}
}

// maxName bounds what an answer repeats of a name that the caller made up.
const maxName = 64

func shorten(name string) string {
	if len(name) > maxName {
		return strings.ToValidUTF8(name[:maxName], "") + "…"
	}
	return name
}

// value reads one member.
func (d *decoder) value(raw json.RawMessage, into reflect.Value, path string) {
	if string(raw) == "null" {
		into.SetZero()
		if into.Kind() == reflect.Pointer {
			into.Set(reflect.New(into.Type().Elem()))
		}
		return
	}
	if options, ok := reflect.TypeAssert[*channels.Options](into.Addr()); ok {
		d.options(raw, options, path+".")
		return
	}
	if _, ok := reflect.TypeAssert[encoding.TextUnmarshaler](into.Addr()); !ok && into.Kind() == reflect.Struct {
		d.object(raw, into, path+".")
		return
	}
	fresh := reflect.New(into.Type())
	if err := json.Unmarshal(raw, fresh.Interface()); err != nil {
		d.mistake(path, complain(err, into.Type()))
		return
	}
	into.Set(fresh.Elem())
}

// options reads an object whose members are the options of an adapter.
func (d *decoder) options(raw json.RawMessage, into *channels.Options, path string) {
	d.members(raw, path, func(name string, value json.RawMessage, again bool) {
		text, ok := channels.OptionValue(value)
		switch {
		case again:
			d.mistake(path+shorten(name), "is there twice")
		case !ok:
			d.mistake(path+shorten(name), "must be a text, a number, true or false")
		default:
			*into = into.With(name, text)
		}
	})
}

// complain says what a value must be.
func complain(err error, wanted reflect.Type) string {
	if _, mistyped := errors.AsType[*json.UnmarshalTypeError](err); !mistyped {
		// A duration or a time says itself what it must look like.
		if reflect.PointerTo(wanted).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			return "must be a " + strings.ToLower(wanted.Name()) + ", for example " + exampleOf(wanted)
		}
	}
	return "must be " + describe(wanted)
}

func exampleOf(t reflect.Type) string {
	if t.Name() == "Time" {
		return "2026-11-20T00:00:00Z"
	}
	return "90s, 5m or 24h"
}

func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			return "a text"
		}
		return "a whole number"
	case reflect.Slice:
		return "a list, and each of it " + describe(t.Elem())
	case reflect.Pointer:
		return describe(t.Elem())
	default:
		return "a text"
	}
}

// fieldsOf returns the fields of a struct by their names in JSON.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		fields[name] = v.Field(i)
	}
	return fields
}
