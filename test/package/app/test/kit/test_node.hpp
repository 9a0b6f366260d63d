// The program's own: nothing of wsrelay may find it.
#pragma once

#error "wsrelay's headers include what is the program's"
