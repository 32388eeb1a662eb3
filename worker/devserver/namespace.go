package devserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	prepareTimeout = 30 * time.Second
	preparePoll    = 50 * time.Millisecond
)

// PrepareNamespace creates a namespace if it is missing, registers search
// attributes that it lacks, and returns when they can be used. On a server
// started here it also lengthens a retention shorter than [Options].Retention;
// on a foreign one it reports, through [Options].Progress, one shorter than
// [MinRetention]. It may be repeated.
func (s *Server) PrepareNamespace(ctx context.Context, name string, attributes map[string]enumspb.IndexedValueType) error {
	ctx, cancel := context.WithTimeout(ctx, prepareTimeout)
	defer cancel()

	// Connected to the namespace that there is: see namespace.ensure.
	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()

	n := namespace{Client: c, name: name, options: s.options, foreign: s.Foreign()}
	if err := n.ensure(ctx); err != nil {
		return fmt.Errorf("temporal server: namespace %s at %s: %w", name, s.Address, err)
	}

	if err := n.ensureAttributes(ctx, attributes); err != nil {
		return fmt.Errorf("temporal server: search attributes of namespace %s at %s: %w", name, s.Address, err)
	}

	return nil
}

// namespace is one that is being prepared.
type namespace struct {
	client.Client

	name    string
	options Options
	foreign bool
}

// ensure creates the namespace or looks after the retention of an existing one.
// On a server of ours it creates first and asks afterward: a server remembers
// for a second that it was asked about a namespace that is not there. A foreign
// one may forbid us to create anything.
func (n namespace) ensure(ctx context.Context) error {
	if !n.foreign {
		err := n.create(ctx)

		var exists *serviceerror.NamespaceAlreadyExists
		if err != nil && !errors.As(err, &exists) {
			return err
		}
	}

	have, err := n.retention(ctx)

	var notFound *serviceerror.NamespaceNotFound
	if errors.As(err, &notFound) && n.foreign {
		if err := n.create(ctx); err != nil {
			return fmt.Errorf("%w: create it yourself, or use one that exists", err)
		}

		err = n.repeat(ctx, func() error {
			// Asked for on its own it may be known before it can be used.
			if _, err := n.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: n.name}); err != nil {
				return err
			}

			var err error
			have, err = n.retention(ctx)

			return err
		})
	}

	if err != nil {
		return fmt.Errorf("describe it: %w", err)
	}

	return n.ensureRetention(ctx, have)
}

func (n namespace) create(ctx context.Context) error {
	_, err := n.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: n.name, WorkflowExecutionRetentionPeriod: durationpb.New(n.options.Retention),
	})
	if err != nil {
		return fmt.Errorf("create it: %w", err)
	}

	return nil
}

func (n namespace) retention(ctx context.Context) (time.Duration, error) {
	found, err := n.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: n.name})

	return found.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(), err
}

// ensureRetention changes only what is ours.
func (n namespace) ensureRetention(ctx context.Context, have time.Duration) error {
	if n.foreign {
		if have < MinRetention {
			n.options.Progress("namespace %s keeps closed workflows for %s only; BigCommerce repeats webhooks for 48 hours, and one that is repeated later than that is carried out twice: raise the retention to %s or more",
				n.name, have, MinRetention)
		}

		return nil
	}

	if have >= n.options.Retention {
		return nil
	}

	_, err := n.WorkflowService().UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
		Namespace: n.name,
		Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(n.options.Retention)},
	})
	if err != nil {
		return fmt.Errorf("raise its retention to %s: %w", n.options.Retention, err)
	}

	return nil
}

// ensureAttributes registers what is missing and waits until a query may use it.
func (n namespace) ensureAttributes(ctx context.Context, wanted map[string]enumspb.IndexedValueType) error {
	if len(wanted) == 0 {
		return nil
	}

	have, err := n.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: n.name})
	if err != nil {
		return fmt.Errorf("list them: %w", err)
	}

	missing := map[string]enumspb.IndexedValueType{}

	for name, typ := range wanted {
		got, exists := have.GetCustomAttributes()[name]
		if !exists {
			missing[name] = typ
		} else if got != typ {
			return fmt.Errorf("%s exists with type %s, type %s is needed: use another namespace or another data directory", name, got, typ)
		}
	}

	if len(missing) == 0 {
		return nil
	}

	_, err = n.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: n.name, SearchAttributes: missing,
	})

	var exists *serviceerror.AlreadyExists
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("add %s: %w: add them yourself, with \"temporal operator search-attribute create\" or on Temporal Cloud in its settings",
			describeAttributes(missing), err)
	}

	names := slices.Sorted(maps.Keys(wanted))
	query := "`" + strings.Join(names, "` IS NULL AND `") + "` IS NULL"

	return n.repeat(ctx, func() error {
		_, err := n.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: n.name, Query: query})
		return err
	})
}

// repeat calls f until it succeeds or ctx ends: what was just created is seen by
// all parts of a server a little later, some seconds on a cluster.
func (n namespace) repeat(ctx context.Context, f func() error) error {
	ticker := time.NewTicker(preparePoll)
	defer ticker.Stop()

	for {
		err := f()
		if err == nil {
			return nil
		}

		select {
		case <-ctx.Done():
			return fmt.Errorf("created, but cannot be used yet: %w (%w)", err, context.Cause(ctx))
		case <-ticker.C:
		}
	}
}

// describeAttributes lists attributes as the official tool wants them.
func describeAttributes(attributes map[string]enumspb.IndexedValueType) string {
	parts := make([]string, 0, len(attributes))
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		parts = append(parts, name+" ("+attributes[name].String()+")")
	}

	return strings.Join(parts, ", ")
}
