package api_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	operatorapi "github.com/orderbridge/orderbridge/docs/operator-api"
	"github.com/orderbridge/orderbridge/ingress/api"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// TestSchemasAreThoseOfTheTypes shows that the document names every member of
// every body, and no other.
func TestSchemasAreThoseOfTheTypes(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(operatorapi.Document())
	require.NoError(t, err)
	body := reflect.TypeFor[api.ChannelBody]()
	for schema, goType := range map[string]reflect.Type{
		"Channel":                 reflect.TypeFor[operator.View](),
		"Store":                   reflect.TypeFor[operator.StoreView](),
		"Downstream":              reflect.TypeFor[operator.DownstreamView](),
		"FormerStore":             reflect.TypeFor[operator.FormerView](),
		"Settings":                reflect.TypeFor[channels.Settings](),
		"SettingsWrite":           reflect.TypeFor[channels.Settings](),
		"Waits":                   reflect.TypeFor[channels.Waits](),
		"ChannelWrite":            body,
		"ChannelWrite.store":      fieldType(t, body, "Store"),
		"ChannelWrite.downstream": fieldType(t, body, "Downstream"),
		"SaveResult":              reflect.TypeFor[channels.SaveResult](),
		"FieldChange":             reflect.TypeFor[channels.FieldChange](),
		"Change":                  reflect.TypeFor[channels.Change](),
		"RemoveResult":            reflect.TypeFor[channels.RemoveResult](),
		"Status":                  reflect.TypeFor[channels.Status](),
		"Health":                  reflect.TypeFor[channels.Health](),
		"Hook":                    reflect.TypeFor[channels.HookRef](),
		"Finding":                 reflect.TypeFor[channels.Finding](),
		"AuditReport":             reflect.TypeFor[channels.AuditReport](),
		"CheckReport":             reflect.TypeFor[activities.CheckReport](),
		"CheckStep":               reflect.TypeFor[activities.CheckStep](),
		"ReconciliationProgress":  reflect.TypeFor[activities.ReconcileProgress](),
		"ReconciliationReport":    reflect.TypeFor[activities.ReconcileReport](),
		"FoundOrder":              reflect.TypeFor[activities.FoundOrder](),
	} {
		t.Run(schema, func(t *testing.T) {
			t.Parallel()
			name, member, nested := strings.Cut(schema, ".")
			found := doc.Components.Schemas[name]
			require.NotNil(t, found)
			if nested {
				found = found.Value.Properties[member]
			}
			var documented []string
			for _, part := range append(slices.Clone(found.Value.AllOf), found) {
				for property := range part.Value.Properties {
					documented = append(documented, property)
				}
			}
			members, required := membersOf(goType)
			require.ElementsMatch(t, members, documented)
			for _, member := range found.Value.Required {
				require.Contains(t, required, member, "it may be absent")
			}
		})
	}
}

func fieldType(t *testing.T, of reflect.Type, name string) reflect.Type {
	t.Helper()
	field, ok := of.FieldByName(name)
	require.True(t, ok)
	return field.Type
}

// membersOf returns the names of a type's members in JSON, and of those that
// are always there. A list may be empty although its tag lets it be absent.
func membersOf(t reflect.Type) (members, always []string) {
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous:
			more, moreAlways := membersOf(field.Type)
			members, always = append(members, more...), append(always, moreAlways...)
			continue
		case options == "":
			always = append(always, name)
		case t == reflect.TypeFor[channels.Settings](), name == "created_at":
			always = append(always, name) // they are complete with defaults
		}
		members = append(members, name)
	}
	return members, always
}
