using System.Reflection;

namespace Httpmq.Api.Http;

/// <summary>The product and its version, as it presents itself.</summary>
internal static class ProductVersion
{
    /// <summary>Such as <c>httpmq 1.0.0</c>; what a build appends after a plus (the commit) is left out.</summary>
    public static string Text => $"httpmq {Number}";

    /// <summary>The version alone, such as <c>1.0.0</c>.</summary>
    public static string Number { get; } = Read();

    private static string Read()
    {
        var assembly = typeof(ProductVersion).Assembly;
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? assembly.GetName().Version?.ToString(3)
            ?? "";
        return version.Split('+')[0];
    }
}
