package rest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest"
)

// TestContract runs the conformance suite and every answer that the adapter
// does not provoke, and holds all of it to the contract's document. Afterwards
// nothing that the document describes may be left unseen.
func TestContract(t *testing.T) { //nolint:tparallel // Its groups must end before the last checks.
	t.Parallel()

	checker := newChecker(t)
	// The groups end when their parallel subtests have ended, so what follows
	// sees all of their exchanges.
	t.Run("conformance", func(t *testing.T) { //nolint:paralleltest // The check below has to come after it.
		downstreamtest.Run(t, func(t *testing.T) downstreamtest.Fixture {
			t.Helper()
			return newFixture(t, checker)
		})
	})
	t.Run("protocol", func(t *testing.T) { //nolint:paralleltest // The check below has to come after it.
		runProtocol(t, checker)
	})
	require.Empty(t, checker.Deviations(), "requests or answers that are not what the contract's document says")
	require.Empty(t, checker.Unseen(), "answers that the contract's document has and that no test has seen")
}
