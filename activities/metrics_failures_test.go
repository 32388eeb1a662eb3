package activities_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

func TestFailureReason(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"what an activity says":      {temporal.NewApplicationError("text", "store_unavailable"), "store_unavailable"},
		"wrapped":                    {fmt.Errorf("wrapped: %w", temporal.NewApplicationError("text", "connection_taken")), "connection_taken"},
		"what nobody has classified": {&bigcommerce.Error{Kind: bigcommerce.Unauthorized}, "store_credentials"},
		"a type of somebody else":    {temporal.NewApplicationError("text", "mallory@private.example"), "internal"},
		"without a type":             {temporal.NewApplicationError("text", ""), "internal"},
		"anything":                   {errors.New("order 218"), "internal"},
		"out of time":                {context.DeadlineExceeded, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, activities.FailureReason(tc.err))
		})
	}
}

// TestEveryReasonIsALabel reads the reasons from where they are declared.
func TestEveryReasonIsALabel(t *testing.T) {
	t.Parallel()
	declared := map[string]bool{}
	for path, prefix := range map[string]string{
		"classify.go": "Reason", "probe.go": "ErrType", "connection_claim.go": "ErrType",
	} {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(spec.Names[0].Name, prefix) {
				return true
			}
			literal, ok := spec.Values[0].(*ast.BasicLit)
			require.True(t, ok)
			value, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			declared[value] = true
			return true
		})
	}
	require.Greater(t, len(declared), 20)
	reasons := activities.FailureReasons()
	require.Len(t, reasons, len(declared))
	for _, reason := range reasons {
		require.Contains(t, declared, reason)
		require.Equal(t, reason, activities.FailureReason(temporal.NewApplicationError("text", reason)))
	}
}
