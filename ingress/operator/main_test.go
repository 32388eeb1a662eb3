package operator_test

import (
	"os"
	"testing"

	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }
