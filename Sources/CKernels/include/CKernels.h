// The C part of the package: each thread's recording state, loops over buffers, memory for them, and threads.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <math.h>
#include <pthread.h>

#include "Blocks.h"
#include "Context.h"
#include "Kernels.h"
#include "Scalars.h"
#include "Threads.h"

#endif
