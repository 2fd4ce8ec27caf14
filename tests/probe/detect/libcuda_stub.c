/* A libcuda of as many devices as STUB_DEVICES says, whose cuInit returns STUB_STATUS. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static int number(const char *name) { char *text = getenv(name); return text ? atoi(text) : 0; }
int cuInit(unsigned flags) {
    if (getenv("STUB_HANG")) sleep(60);
    if (getenv("STUB_CRASH")) abort();
    return number("STUB_STATUS");
}
int cuDriverGetVersion(int *version) { *version = 13000; return 0; }
int cuDeviceGetCount(int *count) { *count = number("STUB_DEVICES"); return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
int cuDeviceGetName(char *name, int length, int device) { snprintf(name, length, "Stub %d", device); return 0; }
int cuDeviceGetPCIBusId(char *bus, int length, int device) {
    snprintf(bus, length, "0000:%02X:00.0", device + 1); return 0;
}
int cuDeviceGetUuid_v2(unsigned char *uuid, int device) { memset(uuid, 0x11 * (device + 1), 16); return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) { *value = attribute == 75 ? 8 : 9; return 0; }
int cuDeviceTotalMem_v2(size_t *total, int device) { *total = (size_t)24 << 30; return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { *context = (void *)1; return 0; }
int cuCtxPushCurrent_v2(void *context) { return 0; }
int cuMemGetInfo_v2(size_t *available, size_t *total) { *available = (size_t)20 << 30; *total = (size_t)24 << 30; return 0; }
int cuDevicePrimaryCtxRelease_v2(int device) { return 0; }
