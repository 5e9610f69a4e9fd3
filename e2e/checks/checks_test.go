package checks

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func TestFailingCheckIsReportedAndTheRestStillRun(t *testing.T) {
	var out bytes.Buffer
	results := Run(context.Background(), []Check{
		{Name: "a fails", Run: "echo why; false | true"},
		{Name: "b passes", Run: "true"},
	}, &out, true)
	if failed := Table(&out, results); failed != 1 {
		t.Fatalf("%d checks failed, want 1 (a pipe's failure counts):\n%s", failed, out.String())
	}
	for _, want := range []string{"FAIL  a fails", "PASS  b passes", "why", "1 passed, 1 failed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, out.String())
		}
	}
}

func TestEveryListLoadsAndHasNamedCommands(t *testing.T) {
	for _, name := range Names() {
		list, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			t.Errorf("%s is empty", name)
		}
		for _, c := range list {
			if c.Name == "" || c.Run == "" {
				t.Errorf("%s: a check without a name or a command: %+v", name, c)
			}
		}
	}
}

func TestUnknownListNamesTheOnesThereAre(t *testing.T) {
	if _, err := Load("nonesuch"); err == nil || !strings.Contains(err.Error(), "there are") {
		t.Fatalf("error is %v", err)
	}
}
