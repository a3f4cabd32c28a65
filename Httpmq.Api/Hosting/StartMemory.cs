using System.Runtime.InteropServices;

namespace Httpmq.Api.Hosting;

/// <summary>
/// Gives back what only the start needed. Nothing else would: an idle gateway allocates too little for a collection to come.
/// </summary>
internal static partial class StartMemory
{
    public static void Release()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (OperatingSystem.IsLinux())
        {
            ReleaseNative();
        }
    }

    /// <summary>What the just-in-time compiler worked with lies free in glibc's heaps.</summary>
    private static void ReleaseNative()
    {
        try
        {
            _ = MallocTrim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library, musl, which gives it back by itself.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint pad);
}
