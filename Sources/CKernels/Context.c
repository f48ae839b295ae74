// The one definition of every thread's recording state.
#include "Context.h"

_Thread_local ck_context ck_thread_context;
