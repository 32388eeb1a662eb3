package channels

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/orderbridge/orderbridge/activities/seal"
)

// Diff lists what differs between two states of a channel, field by field in
// the order of the struct. A secret is reported as changed, never shown.
// Revision, CreatedAt and SecretVersion are bookkeeping and not compared.
func Diff(was, is Channel) []FieldChange {
	var out []FieldChange
	diff(&out, "", reflect.ValueOf(was), reflect.ValueOf(is))
	return out
}

func diff(out *[]FieldChange, prefix string, was, is reflect.Value) {
	for i := range was.NumField() {
		field := was.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if prefix == "" && (name == "revision" || name == "created_at" || name == "secret_version") {
			continue
		}
		name = prefix + name
		a, b := was.Field(i), is.Field(i)
		if sealedA, ok := reflect.TypeAssert[seal.Sealed](a); ok {
			sealedB, _ := reflect.TypeAssert[seal.Sealed](b)
			if !bytes.Equal(sealedA, sealedB) {
				*out = append(*out, FieldChange{Field: name, Was: describeSecret(sealedA), Is: describeSecret(sealedB)})
			}
			continue
		}
		if a.Kind() == reflect.Struct {
			diff(out, name+".", a, b)
			continue
		}
		if x, y := describe(a), describe(b); x != y {
			*out = append(*out, FieldChange{Field: name, Was: x, Is: y})
		}
	}
}

func describeSecret(s seal.Sealed) string {
	if len(s) == 0 {
		return "(none)"
	}
	return "(secret)"
}

func describe(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Slice && v.Len() == 0:
		return "[]" // an absent list and an empty one mean the same
	case v.Kind() == reflect.String:
		return v.String()
	}
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return fmt.Sprint(v.Interface())
	}
	return strings.Trim(string(text), `"`)
}
