// The C part of the package: each thread's recording state, and loops over buffers.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "Context.h"
#include "Kernels.h"
#include "Scalars.h"

#endif
