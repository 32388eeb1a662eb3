package bigcommercetest_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails the package when a store, a server or a client that any test
// closed has left a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
