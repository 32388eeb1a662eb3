package namespace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Kind is what kind of change is made.
type Kind string

const (
	// Create: the namespace is created.
	Create Kind = "create_namespace"
	// Retention: closed workflows are kept for another time.
	Retention Kind = "set_retention"
	// Attribute: a search attribute is added.
	Attribute Kind = "add_search_attribute"
)

// Change is one change to a namespace.
type Change struct {
	// Kind says what is changed.
	Kind Kind `json:"change"`
	// Name is that of the search attribute; empty for other kinds.
	Name string `json:"name,omitempty"`
	// Was is the value before, if there was one, and Is the one afterward: a
	// retention such as "720h", or the type of a search attribute.
	Was string `json:"was,omitempty"`
	Is  string `json:"is"`
}

// String says what was changed, for people.
func (c Change) String() string {
	switch c.Kind {
	case Create:
		return "created; it keeps closed workflows for " + c.Is
	case Retention:
		return fmt.Sprintf("keeps closed workflows for %s now, and no longer for %s", c.Is, c.Was)
	default:
		return fmt.Sprintf("added the search attribute %s (%s)", c.Name, c.Is)
	}
}

// Intention says the same of a change that is not made.
func (c Change) Intention() string {
	switch c.Kind {
	case Create:
		return "would be created, and keep closed workflows for " + c.Is
	case Retention:
		return fmt.Sprintf("would keep closed workflows for %s, and no longer for %s", c.Is, c.Was)
	default:
		return fmt.Sprintf("would get the search attribute %s (%s)", c.Name, c.Is)
	}
}

// Wish is what a namespace is to be like.
type Wish struct {
	// Attributes are the search attributes that it must have. Others are left
	// alone.
	Attributes map[string]enums.IndexedValueType
	// Retention is how long closed workflows are kept: 0 leaves that as it is,
	// and means DefaultRetention for a namespace that is created.
	Retention time.Duration
}

// Plan returns the changes that fulfill a wish, in the order in which they are
// made. It fails as Check does.
func (s State) Plan(wish Wish) ([]Change, error) {
	if err := s.Check(wish.Attributes); err != nil {
		return nil, err
	}
	changes := []Change{}
	switch {
	case !s.Exists:
		changes = append(changes, Change{Kind: Create, Is: Hours(cmp.Or(wish.Retention, DefaultRetention))})
	case wish.Retention != 0 && wish.Retention != s.Retention:
		changes = append(changes, Change{Kind: Retention, Was: Hours(s.Retention), Is: Hours(wish.Retention)})
	}
	for _, name := range s.Missing(wish.Attributes) {
		changes = append(changes, Change{Kind: Attribute, Name: name, Is: wish.Attributes[name].String()})
	}
	return changes, nil
}

// Apply makes the changes that Plan returned for the same wish, tells each one
// once it is made, and returns when all of it can be used. What somebody else
// makes at the same time is no error. It is bounded by ctx, and can be repeated.
func (s State) Apply(ctx context.Context, c client.Client, wish Wish, changes []Change, made func(Change)) error {
	attributes := map[string]enums.IndexedValueType{}
	for _, change := range changes {
		var err error
		switch change.Kind {
		case Create:
			err = s.create(ctx, c, cmp.Or(wish.Retention, DefaultRetention))
		case Retention:
			err = s.retain(ctx, c, wish.Retention)
		case Attribute:
			attributes[change.Name] = wish.Attributes[change.Name]
			continue
		}
		if err != nil {
			return err
		}
		made(change)
	}
	if len(attributes) == 0 {
		return nil
	}
	// All at once: an SQL store then adds all or none.
	if err := s.add(ctx, c, attributes); err != nil {
		return err
	}
	for _, change := range changes {
		if change.Kind == Attribute {
			made(change)
		}
	}
	return nil
}

func (s State) create(ctx context.Context, c client.Client, retention time.Duration) error {
	_, err := c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: s.Name, WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	_, exists := errors.AsType[*serviceerror.NamespaceAlreadyExists](err)
	switch {
	case denied(err):
		return &ProblemError{
			Detail: fmt.Sprintf("Namespace %s cannot be seen, and this server lets nobody create it this way.", s.Name),
			Advice: "On Temporal Cloud, create it in the Cloud's Web UI, set TEMPORAL_NAMESPACE to its whole name (name.account), and " +
				"see that the API key or certificate is for it; elsewhere, ask whoever runs the server. Then run \"orderbridge setup\" again.",
			cause: err,
		}
	case err != nil && !exists:
		return fmt.Errorf("create namespace %s: %w", s.Name, err)
	}
	// The parts of a cluster learn of it within seconds.
	return s.until(ctx, "it was created", func() (bool, error) {
		_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: s.Name})
		return err == nil, err
	})
}

func (s State) retain(ctx context.Context, c client.Client, retention time.Duration) error {
	_, err := c.WorkflowService().UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
		Namespace: s.Name, Config: &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(retention)},
	})
	if denied(err) {
		return &ProblemError{
			Detail: fmt.Sprintf("This server lets nobody change the retention of namespace %s this way.", s.Name),
			Advice: "On Temporal Cloud, change it in the Cloud's Web UI; elsewhere, ask whoever runs the server. Leave --retention out to do the rest.",
			cause:  err,
		}
	}
	if err != nil {
		return fmt.Errorf("namespace %s: set the retention to %s: %w", s.Name, Hours(retention), err)
	}
	return nil
}

func (s State) add(ctx context.Context, c client.Client, attributes map[string]enums.IndexedValueType) error {
	names := State{}.Missing(attributes)
	err := s.until(ctx, "its search attributes were added", func() (bool, error) {
		_, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
			Namespace: s.Name, SearchAttributes: attributes,
		})
		if _, exists := errors.AsType[*serviceerror.AlreadyExists](err); exists {
			err = nil
		}
		_, refused := errors.AsType[*serviceerror.InvalidArgument](err)
		switch {
		case denied(err):
			return true, s.byHand(names, attributes, err)
		case refused:
			return true, &ProblemError{
				Detail: fmt.Sprintf("Namespace %s does not take the search attributes %s: %s", s.Name, strings.Join(names, ", "), err),
				Advice: "If there is no room for more of them, set TEMPORAL_NAMESPACE to a namespace of Orderbridge's own.", cause: err,
			}
		}
		// Another setup at the same moment makes one of the two fail: once more.
		return err == nil, err
	})
	if err != nil {
		return err
	}
	return s.until(ctx, "its search attributes were added", func() (bool, error) { return queryable(ctx, c, s.Name, names...) })
}

// byHand says how a person adds search attributes where we may not.
func (s State) byHand(names []string, attributes map[string]enums.IndexedValueType, cause error) *ProblemError {
	var flags strings.Builder
	for _, name := range names {
		fmt.Fprintf(&flags, " --search-attribute %s=%s", name, attributes[name])
	}
	return &ProblemError{
		Detail: fmt.Sprintf("Namespace %s lacks the search attributes %s, and this server lets nobody add them this way.", s.Name, strings.Join(names, ", ")),
		Advice: fmt.Sprintf("On Temporal Cloud, add them in the Cloud's Web UI, or: tcld namespace search-attributes add --namespace %s%s; "+
			"elsewhere, ask whoever runs the server.", s.Name, flags.String()),
		cause: cause,
	}
}

// poll is how often it is asked whether something can be used.
const poll = 100 * time.Millisecond

// until calls f until it reports true, or until ctx ends, which is an error that
// says what was done already. What f reports true with is passed on.
func (s State) until(ctx context.Context, done string, f func() (bool, error)) error {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		ended, err := f()
		if ended {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("namespace %s: %s, and cannot be used yet: run \"orderbridge setup\" again in a minute (%w)",
				s.Name, done, context.Cause(ctx)), err)
		case <-ticker.C:
		}
	}
}

// Problems returns the problems in an error of this package, in order.
func Problems(err error) []*ProblemError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var problems []*ProblemError
		for _, inner := range joined.Unwrap() {
			problems = slices.Concat(problems, Problems(inner))
		}
		return problems
	}
	if problem, ok := errors.AsType[*ProblemError](err); ok {
		return []*ProblemError{problem}
	}
	return nil
}
