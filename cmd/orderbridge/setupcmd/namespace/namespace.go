// Package namespace looks at the Temporal namespace of an installation, says
// what is missing there, and makes it.
package namespace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/worker/devserver"
)

const (
	// MinRetention is how long closed workflows must be kept at the least, so
	// that every repetition of a webhook is recognized as one.
	MinRetention = devserver.MinRetention
	// DefaultRetention is given to a namespace that is created: 30 days. That is
	// ten times what repetitions need. The rest is for people: whoever asks
	// within a month what became of an order finds its runs, and a search of
	// that month recognizes what was seen to.
	DefaultRetention = 30 * 24 * time.Hour
)

// State is what was found of a namespace.
type State struct {
	// Name is the namespace's name.
	Name string
	// Exists is false if there is no namespace of that name.
	Exists bool
	// Retention is how long it keeps closed workflows.
	Retention time.Duration
	// Attributes are the search attributes that can be used, by name. Where the
	// server lists none for us, they are those of the wanted ones that a query
	// may name, their type unspecified, because it cannot be known.
	Attributes map[string]enums.IndexedValueType
	// Listed is false if the server does not list search attributes for us, as
	// Temporal Cloud does not.
	Listed bool
	// Store names the kind of the server's visibility store, for example
	// "postgres12"; empty if the server does not say.
	Store string
}

// ProblemError is something that somebody has to see to.
type ProblemError struct {
	// Detail says in a sentence what it is.
	Detail string
	// Advice says in a sentence what to do.
	Advice string

	cause error
}

// Error implements error.
func (p *ProblemError) Error() string { return p.Detail + " " + p.Advice }

// Unwrap returns what Temporal answered, if it was that.
func (p *ProblemError) Unwrap() error { return p.cause }

// Look returns what there is of a namespace and of the wanted search attributes.
// A namespace that does not exist is no error. The client may be of any
// namespace.
func Look(ctx context.Context, c client.Client, name string, wanted map[string]enums.IndexedValueType) (State, error) {
	s := State{Name: name, Attributes: map[string]enums.IndexedValueType{}}
	if cluster, err := c.WorkflowService().GetClusterInfo(ctx, &workflowservice.GetClusterInfoRequest{}); err == nil {
		s.Store = cluster.GetVisibilityStore()
	}
	found, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: name})
	if _, missing := errors.AsType[*serviceerror.NamespaceNotFound](err); missing {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("look at namespace %s: %w", name, err)
	}
	s.Exists, s.Retention = true, found.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	var listed *operatorservice.ListSearchAttributesResponse
	err = s.until(ctx, "it was created a moment ago", func() (bool, error) {
		var err error
		listed, err = c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: name})
		// Not all parts of a server hear of a new namespace at once.
		_, unheard := errors.AsType[*serviceerror.NamespaceNotFound](err)
		return !unheard, err
	})
	switch {
	case err == nil:
		s.Listed, s.Attributes = true, listed.GetCustomAttributes()
		return s, nil
	case !denied(err):
		return s, fmt.Errorf("list the search attributes of namespace %s: %w", name, err)
	}
	for attribute := range wanted {
		usable, err := queryable(ctx, c, name, attribute)
		if err != nil {
			return s, err
		}
		if usable {
			s.Attributes[attribute] = enums.INDEXED_VALUE_TYPE_UNSPECIFIED
		}
	}
	return s, nil
}

// queryable reports whether queries may name search attributes.
func queryable(ctx context.Context, c client.Client, name string, attributes ...string) (bool, error) {
	_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: name, Query: "`" + strings.Join(attributes, "` IS NULL AND `") + "` IS NULL",
	})
	if _, refused := errors.AsType[*serviceerror.InvalidArgument](err); refused {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("try a query in namespace %s: %w", name, err)
	}
	return true, nil
}

// denied reports whether a server does not let us do something at all.
func denied(err error) bool {
	_, permission := errors.AsType[*serviceerror.PermissionDenied](err)
	_, unimplemented := errors.AsType[*serviceerror.Unimplemented](err)
	return permission || unimplemented
}

// Missing returns the names of the wanted search attributes that are not there,
// in order.
func (s State) Missing(wanted map[string]enums.IndexedValueType) []string {
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if _, ok := s.Attributes[name]; !ok {
			missing = append(missing, name)
		}
	}
	return missing
}

// Check returns what keeps the wanted search attributes from being there, also
// once the missing ones were added: each is a *ProblemError, joined. Nil means that
// all that is missing can be added, as far as can be seen.
func (s State) Check(wanted map[string]enums.IndexedValueType) error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		has, ok := s.Attributes[name]
		if ok && has != enums.INDEXED_VALUE_TYPE_UNSPECIFIED && has != wanted[name] {
			problems = append(problems, &ProblemError{
				Detail: fmt.Sprintf("Namespace %s has the search attribute %s with the type %s; it must be %s.", s.Name, name, has, wanted[name]),
				Advice: "Nothing changes the type of a search attribute: set TEMPORAL_NAMESPACE to another namespace, or, if nobody uses " +
					"this attribute, remove it with \"temporal operator search-attribute remove\" and run \"orderbridge setup\".",
			})
		}
	}
	return errors.Join(append(problems, s.room(wanted)...)...)
}

// sqlStores are the visibility stores with a fixed number of columns for custom
// search attributes in each namespace.
var sqlStores = []string{"mysql8", "postgres12", "postgres12_pgx", "sqlite"}

// Numbers of search attributes of a type that those stores have room for.
const (
	sqlKeywords = 10
	sqlOthers   = 3
)

// room returns a problem for each type of which more are missing than there is
// room for.
func (s State) room(wanted map[string]enums.IndexedValueType) []error {
	if !slices.Contains(sqlStores, s.Store) {
		return nil
	}
	has, needs := map[enums.IndexedValueType][]string{}, map[enums.IndexedValueType][]string{}
	for _, name := range slices.Sorted(maps.Keys(s.Attributes)) {
		has[s.Attributes[name]] = append(has[s.Attributes[name]], name)
	}
	for _, name := range s.Missing(wanted) {
		needs[wanted[name]] = append(needs[wanted[name]], name)
	}
	var problems []error
	for _, kind := range slices.Sorted(maps.Keys(needs)) {
		limit := sqlOthers
		if kind == enums.INDEXED_VALUE_TYPE_KEYWORD {
			limit = sqlKeywords
		}
		if len(has[kind])+len(needs[kind]) <= limit {
			continue
		}
		problems = append(problems, &ProblemError{
			Detail: fmt.Sprintf("Namespace %s has no room for %s: its visibility store (%s) holds %d search attributes of the type %s, and there are %s.",
				s.Name, strings.Join(needs[kind], ", "), s.Store, limit, kind, strings.Join(has[kind], ", ")),
			Advice: "Set TEMPORAL_NAMESPACE to a namespace of Orderbridge's own, or remove attributes that nobody uses with " +
				"\"temporal operator search-attribute remove\".",
		})
	}
	return problems
}

// ShortRetention returns a problem if closed workflows are not kept for long
// enough, else nil.
func (s State) ShortRetention() *ProblemError {
	if !s.Exists || s.Retention >= MinRetention {
		return nil
	}
	return &ProblemError{
		Detail: fmt.Sprintf("Namespace %s keeps closed workflows for %s only. BigCommerce repeats a webhook for 48 hours, and "+
			"a repetition is recognized by the workflow of the first.", s.Name, Hours(s.Retention)),
		Advice: fmt.Sprintf("Keep them for %s or longer: \"orderbridge setup --retention %s\".", Hours(MinRetention), Hours(DefaultRetention)),
	}
}

// Hours writes a retention as Temporal's own tools do, for example "720h".
func Hours(d time.Duration) string {
	if d%time.Hour != 0 {
		return d.String()
	}
	return fmt.Sprintf("%dh", d/time.Hour)
}
