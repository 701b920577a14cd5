// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Memory that becomes executable. */
