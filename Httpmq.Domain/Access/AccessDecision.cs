using System.Runtime.InteropServices;

namespace Httpmq.Domain.Access;

/// <summary>Whether something is permitted, and by which rule.</summary>
/// <param name="IsPermitted">Whether it is.</param>
/// <param name="Rule">The rule that permits or denies it; null where none permits it.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct AccessDecision(bool IsPermitted, AccessRule? Rule);
