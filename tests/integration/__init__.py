"""What needs a store, a process or the shared material: nothing here is quick enough to run at every keystroke."""
