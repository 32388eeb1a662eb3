package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/workflows"
)

// AttributeCheck checks that a namespace has the search attributes that every
// order workflow sets: without them none can be started. Once it has seen them
// it does not ask again: search attributes are not taken away.
type AttributeCheck struct {
	// Client and Namespace say where to look.
	Client    client.Client
	Namespace string

	seen atomic.Bool
}

// ErrAttributesMissing is wrapped in what Probe returns when it found that
// there are search attributes missing.
var ErrAttributesMissing = errors.New("the namespace lacks the search attributes")

// Probe returns an error that names the attributes that are missing. Servers
// that do not let everybody list them, as Temporal Cloud, are trusted.
func (a *AttributeCheck) Probe(ctx context.Context) error {
	if a.seen.Load() {
		return nil
	}
	response, err := a.Client.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: a.Namespace})
	if denied(err) {
		a.seen.Store(true)
		return nil
	}
	if err != nil {
		return fmt.Errorf("list the search attributes of namespace %s: %w", a.Namespace, err)
	}
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(workflows.SearchAttributes())) {
		if _, ok := response.GetCustomAttributes()[name]; !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("namespace %s: %w %s", a.Namespace, ErrAttributesMissing, strings.Join(missing, ", "))
	}
	a.seen.Store(true)
	return nil
}

func denied(err error) bool {
	var permission *serviceerror.PermissionDenied
	var unimplemented *serviceerror.Unimplemented
	return errors.As(err, &permission) || errors.As(err, &unimplemented)
}
