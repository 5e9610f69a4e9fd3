package explain

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"kubearmor.io/policy"
)

// exec judges each image: the program or script, and the interpreters it asks for.
func (a *asker) exec() error {
	name, args := a.question.Path, a.question.Args
	role := ""
	for range maxImages {
		op := a.operation(policy.OpExec)
		var err error
		if op.Names, op.OtherTask, err = a.judged(name); err != nil {
			return err
		}
		op.StartedBy, op.Args = path.Base(name), args
		file := op.Names.Origin[0]
		a.judge(describe(file, op.StartedBy, role), op)
		if a.root == nil {
			return nil
		}
		program, err := ReadProgram(a.root, file)
		if err != nil {
			a.unread(file, err)
			return nil
		}
		if program.Interpreter == "" {
			return a.loader(program.Loader)
		}
		if checkPath(program.Interpreter) != nil {
			a.note("%s is a script whose #! line names %q, which is no full path: what it starts depends on the working directory", file, program.Interpreter)
			return nil
		}
		args = scriptArgs(program.Argument, name, args)
		name, role = program.Interpreter, "interpreter of "+file
	}
	a.note("%s: the kernel refuses a chain of that many interpreters", a.question.Path)
	return nil
}

// scriptArgs are the interpreter's arguments after the first, as the kernel makes them.
func scriptArgs(option, script string, args []string) []string {
	var made []string
	if option != "" {
		made = append(made, option)
	}
	return append(append(made, script), args...)
}

// loader judges the ELF loader, which only Blocks of that very file concern.
func (a *asker) loader(name string) error {
	if checkPath(name) != nil {
		return nil
	}
	op := a.operation(policy.OpLoader)
	var err error
	if op.Names, _, err = a.judged(name); err != nil {
		return err
	}
	op.StartedBy = path.Base(op.Names.Origin[0])
	a.judge(describe(op.Names.Origin[0], op.StartedBy, "loader of the program"), op)
	return nil
}

func (a *asker) unread(file string, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		a.note("%s is not in the root that was given: whether it is a script is not known", file)
		return
	}
	a.note("%s can't be read, so whether it is a script is not known: %v", file, err)
}

// describe names an image: the file, and how it came to be run where that is not plain.
func describe(file, startedBy, role string) string {
	var how []string
	if path.Base(file) != startedBy {
		how = append(how, "started as "+startedBy)
	}
	if role != "" {
		how = append(how, role)
	}
	if len(how) == 0 {
		return file
	}
	return fmt.Sprintf("%s (%s)", file, strings.Join(how, ", "))
}
